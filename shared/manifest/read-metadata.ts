import { readArgumentText } from '../contracts/argument-text.ts'
import type { InputFault } from '../contracts/input-fault.ts'
import { metadataName, shownNames } from '../contracts/input-names.ts'
import { USE, useFault } from '../contracts/manifest-picture.ts'
import { RENDER_ARGUMENT_NAMES, readRenderArguments } from '../contracts/render-arguments.ts'
import type { ArgumentLayer } from './plan-clips.ts'

/**
 * Prefix of this project's names in S3 user metadata: `svd-motion-bucket-id`. Other names belong to other programs.
 */
const PREFIX = 'svd-'

const spell = (name: string): string => `${PREFIX}${name.replaceAll('_', '-')}`

const readText = (name: string, text: string): unknown => {
  const argument = RENDER_ARGUMENT_NAMES.find((known) => known === name)
  return argument === undefined ? text : readArgumentText(argument, text)
}

/** Render arguments in a picture's user metadata. One that is given by two spellings of its name is a fault. */
export const readMetadata = (
  metadata: Readonly<Record<string, string>>,
): ArgumentLayer & { readonly faults: readonly InputFault[] } => {
  const ours = Map.groupBy(
    Object.entries(metadata).filter(([key]) => metadataName(key).startsWith(PREFIX)),
    ([key]) => metadataName(key),
  )
  const use = ours.get(USE)?.map(([, value]) => useFault(value)) ?? []
  const misused =
    use.length === 1 ? use.flatMap((message) => (message === null ? [] : [{ field: USE, message }])) : []
  const given = [...ours].flatMap(([key, [[, text] = ['', ''], ...others]]) => {
    if (key === USE) return []
    const name = key.slice(PREFIX.length).replaceAll('-', '_')
    return others.length > 0 ? [] : [[name, readText(name, text.trim())] as const]
  })
  const twice = [...ours].flatMap(([key, entries]) =>
    entries.length === 1
      ? []
      : [{ field: key, message: `is given as ${shownNames(entries.map(([name]) => name))}; keep one` }],
  )
  const read = readRenderArguments(Object.fromEntries(given), spell)
  return { ...read, faults: [...twice, ...misused, ...read.faults], spell }
}
