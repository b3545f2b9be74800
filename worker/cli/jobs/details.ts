import { imageFit, lossText } from '../../../shared/contracts/image-fit.ts'
import { filesOfOutput } from '../../../shared/contracts/result-record.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import type { JobStatus } from '../../client/tracking/job-status.ts'
import { factTable } from '../terminal/fact-table.ts'

type Line = readonly [name: string, text: string | number | null]

const secondsText = (seconds: Readonly<Record<string, number>>): string =>
  Object.entries(seconds)
    .map(([phase, value]) => `${phase} ${value.toFixed(1)}`)
    .join(', ')

const sizeText = ({ image, parameters }: JobStatus): string => {
  const { width, height } = parameters
  const loss = lossText(imageFit(image, parameters))
  return `${width}x${height}, from ${image.width}x${image.height}${loss === null ? '' : `, ${loss}`}`
}

/** All of one job that a person may want to know. */
export const jobDetails = (status: JobStatus): string => {
  const { result, origin, parameters } = status
  const lines: readonly Line[] = [
    ['job', status.jobId],
    ['state', status.state],
    ['message', status.message],
    ['progress', status.phase === null ? null : `${status.phase} ${status.step}/${status.steps}`],
    ['attempt', status.attempt],
    ['image', status.image.source_key],
    ['size', sizeText(status)],
    ['from', origin.item === null ? origin.key : `${origin.key}, item ${origin.item}`],
    ...Object.entries(parameters).map(
      ([name, value]): Line => [name, typeof value === 'string' ? value : JSON.stringify(value)],
    ),
    ['submitted', status.submittedAt],
    ['updated', status.updatedAt],
    ['class', result?.failure?.class ?? null],
    ['seconds', result?.seconds ? secondsText(result.seconds) : null],
    ['device', result === null ? null : `${result.device_seconds.toFixed(1)} s`],
    ['cost', result === null || result.cost_usd === null ? null : `$${result.cost_usd.toFixed(5)}`],
    ['fallback decode', result?.safer_path ? 'yes' : null],
    ...(result?.outputs ?? []).flatMap((output) =>
      filesOfOutput(output).map(
        ({ key, size_bytes }): Line => [
          'video',
          `${key}  ${output.frames} frames, ${formatBytes(size_bytes)}`,
        ],
      ),
    ),
    ...(result?.failure?.rejected ?? []).map(
      ({ video, quality }): Line => ['rejected', [video.key, ...quality.faults].join('  ')],
    ),
    ...(result?.outputs ?? []).flatMap(({ quality }): Line[] => [
      ['quality', quality.warnings.length === 0 ? 'no faults' : 'no faults, but warnings'],
      ...quality.warnings.map((warning): Line => ['warning', warning]),
      ['likeness', `${quality.first_frame_psnr_db.toFixed(1)} dB`],
    ]),
  ]
  return factTable(lines.flatMap(([name, text]) => (text === null ? [] : [[name, String(text)] as const])))
}
