import { readArgumentText } from '../contracts/argument-text.ts'
import type { InputFault } from '../contracts/input-fault.ts'
import { RENDER_ARGUMENT_NAMES, readRenderArguments } from '../contracts/render-arguments.ts'
import type { ArgumentLayer } from './plan-clips.ts'

/** Of names in S3 user metadata that are ours: `svd-motion-bucket-id`. All others are somebody else's. */
const PREFIX = 'svd-'

const spell = (name: string): string => `${PREFIX}${name.replaceAll('_', '-')}`

const readText = (name: string, text: string): unknown => {
  const argument = RENDER_ARGUMENT_NAMES.find((known) => known === name)
  return argument === undefined ? text : readArgumentText(argument, text)
}

/** Render arguments in a picture's user metadata, whose names are in lower case. */
export const readMetadata = (
  metadata: Readonly<Record<string, string>>,
): ArgumentLayer & { readonly faults: readonly InputFault[] } => {
  const given = Object.entries(metadata).flatMap(([key, text]) => {
    if (!key.startsWith(PREFIX)) return []
    const name = key.slice(PREFIX.length).replaceAll('-', '_')
    return [[name, readText(name, text.trim())] as const]
  })
  return { ...readRenderArguments(Object.fromEntries(given), spell), spell }
}
