import path from 'node:path'
import { type ClipMetadata, clipRecordFileOf } from '../../shared/contracts/clip-record.ts'
import { replaceClipRecord } from '../../shared/files/clip-record-file.ts'
import type { FinishedClip } from '../video/finish-clip.ts'
import type { WrittenFile } from '../video/written-file.ts'

const filesOfClip = ({ files, poster }: FinishedClip): readonly WrittenFile[] => [...files, poster]

/**
 * Writes the record of each clip beside its video's final path; `outputs` are these paths. Call it before the videos are
 * moved there: a record without a video is that of a clip which is rendered once more, but a video without a record
 * could not be told from another one. Clips without metadata get none, and lose that of an earlier clip.
 */
export const publishRecords = async (
  outputs: readonly string[],
  clips: readonly FinishedClip[],
  metadataOf: (video: number) => ClipMetadata | null,
): Promise<void> => {
  for (const [index, clip] of clips.entries()) {
    const file = clipRecordFileOf(outputs[index]!)
    const metadata = metadataOf(index)
    const files = filesOfClip(clip).map(({ path: staged, sizeBytes, sha256 }) => ({
      name: path.basename(staged),
      size_bytes: sizeBytes,
      sha256,
    }))
    const record = metadata === null ? null : { ...metadata, frames: clip.frameCount, files }
    await replaceClipRecord(file, record)
  }
}
