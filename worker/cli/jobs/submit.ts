import { findUnusedSidecars } from '../../client/submit/unused-sidecars.ts'
import type { CommandContext } from '../command-context.ts'
import { expandInputs } from '../expand-inputs.ts'
import { counted } from '../terminal/short-text.ts'
import { planUploads, readTypedArguments } from './plan-uploads.ts'
import { runSubmission } from './run-submission.ts'
import type { SubmitOptions } from './submit-options.ts'

const sidecarNote = ([first, ...others]: readonly string[]): string => {
  if (first === undefined) return ''
  const more = others.length === 0 ? '' : ` and ${counted(others.length, 'more file')}`
  return (
    `warning: ${first}${more}: beside an image and not sent, because svd submit takes arguments from its options; ` +
    'for arguments of each image write a manifest (svd schema manifest), or upload both with an S3 client\n'
  )
}

/** Runs `svd submit`, and returns the exit code as `runSubmission` does. Throws InvalidInputError. */
export const runSubmit = (
  inputs: readonly string[],
  options: SubmitOptions,
  context: CommandContext,
): Promise<number> =>
  runSubmission(
    async (deps) => {
      const typed = readTypedArguments(options)
      const files = await expandInputs(inputs)
      const submission = await planUploads(files, typed, options, deps)
      if (!options.quiet) context.stderr.write(sidecarNote(await findUnusedSidecars(files)))
      return submission
    },
    options,
    context,
  )
