import path from 'node:path'
import type { Command } from 'commander'
import { modelFolder } from '../../../shared/contracts/bucket-layout.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { ModelRecord } from '../../../shared/contracts/model-record.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import { describeModel, parseModelId } from '../../models/describe-model.ts'
import { pushModel } from '../../models/push-model.ts'
import type { CommandContext } from '../command-context.ts'
import { openByteProgress } from '../terminal/byte-progress.ts'
import { addModelsBucketOption, type ModelsBucketOptions, modelsBucketOf } from './bucket.ts'

const NOTES = `
Uploads what a worker needs of the folder: configs, the weights of one variant, svd.json; and last model.json, which
lists them with their SHA-256. A push that was stopped can be continued later. A model that is there is never changed:
another content needs another id.

  svd models push svd-xt --variant fp16 --bucket my-models
`

export const addModelsPushOptions = (command: Command): Command => {
  command
    .summary('put a checkpoint into the bucket of models')
    .description('Checks a checkpoint and uploads it to BUCKET/models/ID/, where workers fetch it.')
    .argument('<dir>', 'Stable Video Diffusion as a diffusers folder')
  return addModelsBucketOption(command)
    .option('--id <id>', "what jobs and workers call it (the folder's name)")
    .option('--variant <name>', 'weight files of that name, such as fp16')
    .option('--json', 'one JSON object')
    .option('--quiet', 'no progress')
    .addHelpText('after', NOTES)
}

export interface ModelsPushOptions extends ModelsBucketOptions {
  readonly id?: string
  readonly variant?: string
  readonly json?: true
  readonly quiet?: true
}

const idOf = (dir: string, id: string | undefined): string => {
  if (id !== undefined) return parseModelId('--id', id)
  const name = path.basename(path.resolve(dir))
  try {
    return parseModelId('--id', name)
  } catch {
    throw new InvalidInputError('--id', `is not given, and the folder's name, '${name}', cannot be one`)
  }
}

const sizeOf = ({ files }: ModelRecord): number =>
  files.reduce((total, { size_bytes }) => total + size_bytes, 0)

/** Throws InvalidInputError. */
export const runModelsPush = async (
  dir: string,
  options: ModelsPushOptions,
  { environment, stdout, stderr, signal, openServices }: CommandContext,
): Promise<void> => {
  const bucket = modelsBucketOf(options, environment)
  const modelId = idOf(dir, options.id)
  using progress = openByteProgress(stderr, { quiet: options.quiet === true })
  const onProgress = progress.update
  const record = await describeModel(dir, { modelId, variant: options.variant ?? null, onProgress }, signal)
  await using services = await openServices()
  const store = services.openBucket(bucket)
  const isNew = await pushModel(dir, record, store, { onProgress }, signal)
  const source = `s3://${bucket}/${modelFolder(modelId)}`
  progress[Symbol.dispose]()
  if (options.json) {
    stdout.write(`${JSON.stringify({ source, was_there: !isNew, model: record }, null, 2)}\n`)
    return
  }
  const what = `${record.files.length} files, ${formatBytes(sizeOf(record))}, sha256 ${record.sha256.slice(0, 12)}`
  stdout.write(`${source}  ${what}${isNew ? '' : ' (was there already)'}\n`)
}
