import path from 'node:path'
import type { Command } from 'commander'
import { type ClipMetadata, clipRecordFileOf } from '../../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { type FoundMetadata, findMetadata } from '../../video/find-metadata.ts'
import type { CommandContext } from '../command-context.ts'
import { type Fact, factTable } from '../terminal/fact-table.ts'

const NOTES = `
MP4, WebM and MOV (ProRes) carry it in their metadata, also under another name. GIF and PNGs have it in NAME.json beside
them, which may be given itself.

  svd show videos/photo.mp4
  svd show videos/photo.mp4 --json
`

export interface ShowOptions {
  readonly json?: true
}

export const addShowOptions = (command: Command): Command =>
  command
    .summary('print how a clip was made')
    .description('Prints the image, model, parameters, seed and version that a clip was made with.')
    .argument('<file>', 'a clip, or its NAME.json')
    .option('--json', 'one JSON object')
    .addHelpText('after', NOTES)

const DIGEST_DIGITS = 12

const parameterLines = ({ parameters }: ClipMetadata): readonly Fact[] =>
  Object.entries(parameters).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ])

const linesOf = ({ metadata, record }: FoundMetadata): readonly Fact[] => {
  const { image, model, svd_batch, execution_provider, precision, job_id } = metadata
  const { video, decode_chunk_size, fallback_decode, parameters } = metadata
  const { num_videos_per_prompt: videos } = parameters
  return [
    ['image', `${image.name}, pixels ${image.pixels_sha256.slice(0, DIGEST_DIGITS)}`],
    ['model', `${model.id}, sha256 ${model.sha256.slice(0, DIGEST_DIGITS)}`],
    [
      'made by',
      ['svd-batch', svd_batch].join(' ') +
        [execution_provider, precision].map((on) => (on === null ? '' : `, ${on}`)).join(''),
    ],
    ...(job_id === null ? [] : [['job', job_id] as const]),
    ...(videos === 1 ? [] : [['video', `${video + 1} of ${videos}`] as const]),
    ...parameterLines(metadata),
    ...(decode_chunk_size === null ? [] : [['decoded', `${decode_chunk_size} frames at once`] as const]),
    ...(fallback_decode ? [['fallback decode', 'yes'] as const] : []),
    ['found in', record === null ? 'the metadata of the file' : record],
  ]
}

const noneIn = (file: string): InvalidInputError => {
  const beside = path.basename(clipRecordFileOf(file))
  if (path.basename(file) === beside)
    return new InvalidInputError(file, 'is not the record of a clip; give the clip, or the NAME.json of one')
  return new InvalidInputError(
    file,
    `does not tell how it was made, nor does a ${beside} beside it; unless --no-metadata is given, svd writes that file ` +
      'and the metadata of MP4, WebM and MOV, which programs that convert a clip may leave out',
  )
}

/** Runs `svd show`. Throws InvalidInputError for a file without metadata. */
export const runShow = async (
  file: string,
  options: ShowOptions,
  { stdout, environment, signal }: Pick<CommandContext, 'stdout' | 'environment' | 'signal'>,
): Promise<void> => {
  const found = await findMetadata(file, { environment, signal })
  if (options.json) {
    const { metadata = null, record = null } = found ?? {}
    const foundIn = found === null ? null : record === null ? 'metadata' : 'record'
    stdout.write(`${JSON.stringify({ file, found_in: foundIn, record, metadata }, null, 2)}\n`)
  }
  if (found === null) throw noneIn(file)
  if (!options.json) stdout.write(factTable(linesOf(found)))
}
