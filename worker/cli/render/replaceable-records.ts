import path from 'node:path'
import { clipRecordFileOf } from '../../../shared/contracts/clip-record.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { readClipRecord } from '../../../shared/files/clip-record-file.ts'
import type { ImageJob } from '../../clips/image-job.ts'

/**
 * Checks that no record would replace another document, such as a sidecar of the same name in the folder of the images.
 * Throws InvalidInputError.
 */
export const assertRecordsReplaceable = async (
  jobs: readonly ImageJob[],
  option: '--output' | '--output-dir',
): Promise<void> => {
  for (const { outputs, settings } of jobs) {
    if (!settings.parameters.metadata) continue
    for (const video of outputs) {
      const file = clipRecordFileOf(video)
      if ((await readClipRecord(file)) !== 'other') continue
      throw new InvalidInputError(
        option,
        `${file} is there and is not the record of a clip, and the record of ${path.basename(video)} has that name; ` +
          'choose another folder or name, or write none with --no-metadata',
      )
    }
  }
}
