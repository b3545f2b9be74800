import type { RenderPath } from '../../../../worker/jobs/job-stages.ts'

/** A file of a simulated clip. Its content names the clip, so that two renders never give the same bytes. */
export interface ClipFile {
  readonly worker: string
  /** The number of the clip among all clips of that worker's process. */
  readonly clip: string
  readonly path: RenderPath
  /** Whether the clip has faults. */
  readonly isBad: boolean
  readonly kind: 'video' | 'poster'
  readonly index: number
}

const WORDS =
  /^(?<clip>(?<worker>\S+) clip \d+) (?<path>as-asked|fallback-decode) (?<quality>good|bad) (?<kind>video|poster) (?<index>\d+)$/

export const encodeClipFile = ({ clip, path, isBad, kind, index }: Omit<ClipFile, 'worker'>): string =>
  `${clip} ${path} ${isBad ? 'bad' : 'good'} ${kind} ${index}`

/** Decodes the content of such a file. Throws if it is another text. */
export const parseClipFile = (text: string): ClipFile => {
  const { worker, clip, path, quality, kind, index } = WORDS.exec(text)?.groups ?? {}
  if (worker === undefined || clip === undefined) throw new Error(`'${text}' is not a file of a clip`)
  return {
    worker,
    clip,
    path: path === 'fallback-decode' ? 'fallback-decode' : 'as-asked',
    isBad: quality === 'bad',
    kind: kind === 'poster' ? 'poster' : 'video',
    index: Number(index),
  }
}
