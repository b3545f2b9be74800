import type { ResultRecord, StoredFile } from '../../../shared/contracts/result-record.ts'

/** A file of a result that a download fetches. */
export interface ResultFile {
  /** Number of the video in the clip, from 0. */
  readonly video: number
  readonly kind: 'video' | 'poster'
  /** What follows the name that all files of the video share. */
  readonly ending: string
  readonly stored: StoredFile
}

/** Files of a clip that passed its checks. Rejected clips and failed jobs have none. */
export const filesOfResult = (
  { state, outputs }: Pick<ResultRecord, 'state' | 'outputs'>,
  { posters }: { readonly posters: boolean },
): readonly ResultFile[] =>
  state !== 'succeeded'
    ? []
    : outputs.flatMap((output, video) => [
        { video, kind: 'video' as const, ending: '.mp4', stored: output.video },
        ...(posters
          ? [{ video, kind: 'poster' as const, ending: '.poster.png', stored: output.poster }]
          : []),
      ])
