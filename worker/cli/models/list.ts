import type { Command } from 'commander'
import { safeText } from '../../../shared/contracts/shown-value.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import { type ListedModel, listModels } from '../../models/list-models.ts'
import type { CommandContext } from '../command-context.ts'
import { addModelsBucketOption, type ModelsBucketOptions, modelsBucketOf } from './bucket.ts'

export const addModelsListOptions = (command: Command): Command =>
  addModelsBucketOption(
    command
      .summary('show the models in the bucket')
      .description('Shows every model that svd models push has put into the bucket, to its end.'),
  ).option('--json', 'one JSON object')

export interface ModelsListOptions extends ModelsBucketOptions {
  readonly json?: true
}

const HEADINGS = ['id', 'size', 'variant', 'clip by default', 'sha256']

const row = (model: ListedModel): readonly string[] => {
  if ('fault' in model) return [safeText(model.modelId), 'broken', safeText(model.fault)]
  const { files, variant, defaults, sha256 } = model.record
  const bytes = files.reduce((total, { size_bytes }) => total + size_bytes, 0)
  const clip = `${defaults.width}x${defaults.height}, ${defaults.num_frames} frames`
  return [model.modelId, formatBytes(bytes), variant ?? '', clip, sha256.slice(0, 12)]
}

/** Columns as wide as their widest cell; the last one of a row is not padded. */
const table = (rows: readonly (readonly string[])[]): string => {
  // What is wrong with a broken model is longer than any column, and stands for the rest of them.
  const measured = rows.filter(({ length }) => length === HEADINGS.length)
  const widths = HEADINGS.map((_, column) => Math.max(...measured.map((cells) => cells[column]!.length)))
  return rows
    .map(
      (cells) =>
        `${cells
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

/** Throws InvalidInputError. */
export const runModelsList = async (
  options: ModelsListOptions,
  { environment, stdout, stderr, signal, openServices }: CommandContext,
): Promise<void> => {
  const bucket = modelsBucketOf(options, environment)
  await using services = await openServices()
  const store = services.openBucket(bucket)
  const models = await listModels(store, signal)
  if (options.json) {
    const listed = models.map((model) =>
      'fault' in model ? { model_id: model.modelId, fault: model.fault } : model.record,
    )
    stdout.write(`${JSON.stringify({ bucket, models: listed }, null, 2)}\n`)
  } else if (models.length === 0) {
    stderr.write(`s3://${bucket} has no models; put one there with: svd models push DIR\n`)
  } else {
    stdout.write(table([HEADINGS, ...models.map(row)]))
  }
}
