import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type ClipMetadata,
  clipRecordFileOf,
  encodeClipRecord,
} from '../../../shared/contracts/clip-record.ts'
import { writeThenRename } from '../../../shared/files/write-then-rename.ts'
import type { FinishedClip } from '../../video/finish-clip.ts'
import { readClipRecord } from '../../video/read-clip-record.ts'
import type { WrittenFile } from '../../video/written-file.ts'

const filesOfClip = ({ files, poster }: FinishedClip): readonly WrittenFile[] => [...files, poster]

/** A record of the clip that is replaced would describe the new one falsely. */
const removeRecord = async (file: string): Promise<void> => {
  if (typeof (await readClipRecord(file)) !== 'string') await rm(file)
}

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
    if (metadata === null) {
      await removeRecord(file)
      continue
    }
    const files = filesOfClip(clip).map(({ path: staged, sizeBytes, sha256 }) => ({
      name: path.basename(staged),
      size_bytes: sizeBytes,
      sha256,
    }))
    const text = encodeClipRecord({ ...metadata, frames: clip.frameCount, files })
    await writeThenRename(file, (temporary) => writeFile(temporary, text))
  }
}
