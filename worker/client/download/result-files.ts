import { type ClipFormat, FORMAT_TRAITS, POSTER_ENDING } from '../../../shared/contracts/clip-format.ts'
import { filesOfOutput, type ResultRecord, type StoredFile } from '../../../shared/contracts/result-record.ts'

/** A file of a result that a download fetches. */
export interface ResultFile {
  /** Number of the video in the clip, from 0. */
  readonly video: number
  readonly kind: 'video' | 'poster'
  /** `null` for a poster. */
  readonly format: ClipFormat | null
  /** Ending that the file adds to the name that all files of the video share. */
  readonly ending: string
  readonly stored: StoredFile
}

/**
 * Files of a clip that passed its checks: the video in each of the formats that its job asks for, and its first frame with
 * `posters`. Rejected clips and failed jobs have none.
 */
export const filesOfResult = (
  { state, outputs }: Pick<ResultRecord, 'state' | 'outputs'>,
  { posters }: { readonly posters: boolean },
): readonly ResultFile[] =>
  state !== 'succeeded'
    ? []
    : outputs.flatMap((output, video): readonly ResultFile[] => {
        const videos = filesOfOutput(output).map(
          ({ format, ...stored }): ResultFile => ({
            ...{ video, kind: 'video', format, stored },
            ending: FORMAT_TRAITS[format].ending,
          }),
        )
        const poster: ResultFile = {
          ...{ video, kind: 'poster', format: null, stored: output.poster },
          ending: POSTER_ENDING,
        }
        return posters ? [...videos, poster] : videos
      })
