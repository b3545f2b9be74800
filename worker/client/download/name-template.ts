import { FILE_ENDINGS } from '../../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { cutText } from '../../../shared/contracts/shown-value.ts'
import { stemFault } from './file-names.ts'
import { FIELD_NAMES, type FieldName, type NameFields } from './name-fields.ts'

/** A name of files with fields in braces, such as `{item_id}-{motion_bucket_id}-{seed}`. */
export interface NameTemplate {
  readonly text: string
  readonly fields: readonly FieldName[]
  /** Puts the texts in. Throws for a field without a text. */
  fill(fields: NameFields): string
}

const PART = /\{([^{}]*)\}/g
/** Endings that the files of a clip get, and that of any PNG. */
const ENDINGS: readonly string[] = [...FILE_ENDINGS, '.png']
/** Stands for a value where the text between the fields is checked. */
const SOME_VALUE = '0'

const isField = (name: string): name is FieldName => (FIELD_NAMES as readonly string[]).includes(name)

const unknownField = (name: string): string => {
  const folded = name.replaceAll(/[-_ ]/g, '').toLowerCase()
  const isLike = (known: string): boolean => {
    const bare = known.replaceAll('_', '')
    return bare === folded || (folded.length >= 3 && (bare.includes(folded) || folded.includes(bare)))
  }
  const close = FIELD_NAMES.filter(isLike)
  const hint =
    close.length > 0 ? `did you mean {${close.join('}, {')}}?` : `fields are ${FIELD_NAMES.join(', ')}`
  return `has an unknown field {${cutText(name)}}; ${hint}`
}

const templateFault = (text: string): string | null => {
  const names = [...text.matchAll(PART)].map(([, name = '']) => name)
  const unknown = names.find((name) => !isField(name))
  if (unknown !== undefined) return unknownField(unknown)
  if (/[{}]/.test(text.replaceAll(PART, '')))
    return 'has a brace without its partner; write fields as {image}'
  const known = ENDINGS.find((one) => text.toLowerCase().endsWith(one))
  if (known !== undefined)
    return `ends with ${text.slice(-known.length)}; leave that out, because each file gets its own ending`
  const fault = stemFault(text.replaceAll(PART, SOME_VALUE))
  return fault === null ? null : `${fault}; write another`
}

/** Reads a template. `option`: the option that gave it. Throws InvalidInputError. */
export const parseNameTemplate = (option: string, text: string): NameTemplate => {
  const fault = templateFault(text)
  if (fault !== null) throw new InvalidInputError(option, `got '${cutText(text)}', which ${fault}`)
  const fields = [...text.matchAll(PART)].flatMap(([, name = '']) => (isField(name) ? [name] : []))
  return {
    text,
    fields: [...new Set(fields)],
    fill: (values) =>
      text.replaceAll(PART, (part, name: string) => {
        const value = isField(name) ? values[name] : null
        if (value === null) throw new Error(`${part} has no value`)
        return value
      }),
  }
}
