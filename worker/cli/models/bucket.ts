import type { Command } from 'commander'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'

export interface ModelsBucketOptions {
  readonly bucket?: string
}

const VARIABLE = 'SVD_MODELS_BUCKET'

export const addModelsBucketOption = (command: Command): Command =>
  command.option('--bucket <name>', `the bucket of models (${VARIABLE})`)

/** Bucket of the option, else of its variable. Throws InvalidInputError that names both. */
export const modelsBucketOf = (
  { bucket }: ModelsBucketOptions,
  environment: Readonly<Record<string, string | undefined>>,
): string => {
  const name = bucket || environment[VARIABLE]
  if (name) return name
  throw new InvalidInputError('--bucket', `is not given; name the bucket of models, here or as ${VARIABLE}`)
}
