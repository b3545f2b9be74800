import { readArgumentText } from '../contracts/argument-text.ts'
import type { InputFault } from '../contracts/input-fault.ts'
import { metadataName, shownNames } from '../contracts/input-names.ts'
import { USE, useFault } from '../contracts/manifest-image.ts'
import { RENDER_ARGUMENT_NAMES, readRenderArguments } from '../contracts/render-arguments.ts'
import type { RequestContext } from '../contracts/request-context.ts'
import type { ArgumentLayer } from './plan-clips.ts'
import { readContextText } from './read-context.ts'

/**
 * Prefix of this project's names in S3 user metadata: `svd-motion-bucket-id`. Other names belong to other programs.
 */
const PREFIX = 'svd-'

/** Name of a context in S3 user metadata, see request-context.ts. */
const CONTEXT = `${PREFIX}context`

interface MetadataRequest extends ArgumentLayer {
  readonly context: RequestContext | null
  readonly faults: readonly InputFault[]
}

const spell = (name: string): string => `${PREFIX}${name.replaceAll('_', '-')}`

const readText = (name: string, text: string): unknown => {
  const argument = RENDER_ARGUMENT_NAMES.find((known) => known === name)
  return argument === undefined ? text : readArgumentText(argument, text)
}

/** Render arguments and context in an image's user metadata. One that is given by two spellings of its name is a fault. */
export const readMetadata = (metadata: Readonly<Record<string, string>>): MetadataRequest => {
  const ours = Map.groupBy(
    Object.entries(metadata).filter(([key]) => metadataName(key).startsWith(PREFIX)),
    ([key]) => metadataName(key),
  )
  const use = ours.get(USE)?.map(([, value]) => useFault(value)) ?? []
  const misused =
    use.length === 1 ? use.flatMap((message) => (message === null ? [] : [{ field: USE, message }])) : []
  const [[, contextText] = ['', null], ...otherContexts] = ours.get(CONTEXT) ?? []
  const context =
    contextText === null || otherContexts.length > 0
      ? { context: null, faults: [] }
      : readContextText(contextText, CONTEXT)
  const given = [...ours].flatMap(([key, [[, text] = ['', ''], ...others]]) => {
    if (key === USE || key === CONTEXT) return []
    const name = key.slice(PREFIX.length).replaceAll('-', '_')
    return others.length > 0 ? [] : [[name, readText(name, text.trim())] as const]
  })
  const twice = [...ours].flatMap(([key, entries]) =>
    entries.length === 1
      ? []
      : [{ field: key, message: `is given as ${shownNames(entries.map(([name]) => name))}; keep one` }],
  )
  const read = readRenderArguments(Object.fromEntries(given), spell)
  const faults = [...twice, ...misused, ...read.faults, ...context.faults]
  return { ...read, context: context.context, faults, spell }
}
