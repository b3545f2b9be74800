import cliProgress, { type GenericFormatter } from 'cli-progress'
import { formatBytes } from '../../../shared/size-text.ts'
import type { ModelProgress, OnModelProgress } from '../../models/model-progress.ts'
import type { StatusOutput } from '../command-context.ts'

const LABELS: Readonly<Record<ModelProgress['phase'], string>> = {
  hash: 'hashing',
  fetch: 'fetching',
  push: 'uploading',
  wait: 'waiting for another process that fetches it',
}

export interface ByteProgress extends Disposable {
  readonly update: OnModelProgress
}

/** A bar on `stream` for work on a model's files, phase by phase; nothing if it is no terminal, or `quiet`. */
export const openByteProgress = (
  stream: StatusOutput,
  { quiet }: { readonly quiet: boolean },
): ByteProgress => {
  if (quiet || stream.isTTY !== true) return { update() {}, [Symbol.dispose]() {} }
  let current: { readonly phase: ModelProgress['phase']; readonly bar: cliProgress.SingleBar } | undefined
  const format: GenericFormatter = (options, { progress, value, total }) => {
    if (current === undefined) return ''
    const bar = cliProgress.Format.BarFormat(progress, options)
    return `${LABELS[current.phase]} [${bar}] ${formatBytes(value)} of ${formatBytes(total)}`
  }
  const end = (): void => current?.bar.stop()
  return {
    update({ phase, doneBytes, totalBytes }) {
      if (current?.phase !== phase) {
        end()
        const settings = { stream, format, barsize: 24, hideCursor: true, clearOnComplete: true }
        current = { phase, bar: new cliProgress.SingleBar(settings) }
        current.bar.start(totalBytes, doneBytes)
      }
      current.bar.update(doneBytes)
    },
    [Symbol.dispose]: end,
  }
}
