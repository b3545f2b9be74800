import { FORMAT_TRAITS } from '../../../shared/contracts/clip-format.ts'
import { filesOfOutput, type ResultRecord, type StoredFile } from '../../../shared/contracts/result-record.ts'

/** A file of a result that a download fetches. */
export interface ResultFile {
  /** Number of the video in the clip, from 0. */
  readonly video: number
  readonly kind: 'video' | 'poster'
  /** Ending that follows the name, which all files of the video share. */
  readonly ending: string
  readonly stored: StoredFile
}

/** Files of a clip that passed its checks, in the formats that its job asked for. Rejected clips and failed jobs have none. */
export const filesOfResult = (
  { state, outputs }: Pick<ResultRecord, 'state' | 'outputs'>,
  { posters }: { readonly posters: boolean },
): readonly ResultFile[] =>
  state !== 'succeeded'
    ? []
    : outputs.flatMap((output, video) => [
        ...filesOfOutput(output).map(({ format, ...stored }) => ({
          ...{ video, kind: 'video' as const },
          ...{ ending: FORMAT_TRAITS[format].ending, stored },
        })),
        ...(posters
          ? [{ video, kind: 'poster' as const, ending: '.poster.png', stored: output.poster }]
          : []),
      ])
