import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import type { SharedFacts } from '../../clips/clip-facts.ts'
import { outputOptionOf } from './image-jobs.ts'
import type { RenderCommandOptions } from './options.ts'
import type { PreparedRender } from './prepare-render.ts'
import { assertRecordsReplaceable } from './replaceable-records.ts'
import { type SortedJobs, skipExisting } from './skip-existing.ts'

/**
 * Decides which jobs are rendered: all, or with `--skip-existing` those whose clips are not there. Throws
 * InvalidInputError as `skipExisting` does, where a record would replace another document, and for `--overwrite` without
 * `--skip-existing`.
 */
export const sortJobs = async (
  { jobs, pixels }: Pick<PreparedRender, 'jobs' | 'pixels'>,
  options: RenderCommandOptions,
  facts: SharedFacts,
  signal: AbortSignal,
): Promise<SortedJobs> => {
  if (options.overwrite === true && options.skipExisting !== true) {
    throw new InvalidInputError(
      '--overwrite',
      'is for clips that --skip-existing compares; leave it out, because clips that are there are replaced anyway, ' +
        'or give --skip-existing too',
    )
  }
  const option = outputOptionOf(options)
  await assertRecordsReplaceable(jobs, option)
  if (options.skipExisting !== true) return { toRender: jobs, kept: [] }
  if (options.metadata === false) {
    throw new InvalidInputError(
      '--skip-existing',
      'cannot go with --no-metadata, because it compares clips by their records; give one of them',
    )
  }
  return await skipExisting(jobs, { facts, pixels, overwrite: options.overwrite === true, option, signal })
}
