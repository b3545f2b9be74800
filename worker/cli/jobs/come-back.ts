import type { DeploymentOptions } from '../../aws/deployment.ts'
import type { FileOptions } from './download-options.ts'
import { suggestedCommand } from './suggested-command.ts'

/** Options of the submit that was stopped, whose jobs go on. */
export interface StoppedSubmit extends DeploymentOptions, FileOptions {
  readonly download?: string
}

/**
 * Command line that follows the jobs of a submit, and downloads their clips if the submit would have. It gives the same
 * names, because it selects the same uploads.
 */
export const comeBackCommand = (
  options: StoppedSubmit,
  { prefix, keys }: { readonly prefix: string; readonly keys: readonly string[] },
): string => {
  const { download, name, overwrite, posters } = options
  const [only] = keys
  const selection = only !== undefined && keys.length === 1 ? ['--manifest', only] : ['--prefix', prefix]
  const files =
    download === undefined
      ? []
      : [
          ...['--to', download, ...(name === undefined ? [] : ['--name', name])],
          ...(overwrite ? ['--overwrite'] : []),
          ...(posters ? ['--posters'] : []),
        ]
  const verb = download === undefined ? 'watch' : 'download'
  return suggestedCommand(options, [verb, ...selection, ...files])
}

/** Says that jobs go on, and how to come back. */
export const comeBackNote = (...[options, uploads]: Parameters<typeof comeBackCommand>): string =>
  `The jobs of the uploaded files go on. To follow them again:\n  ${comeBackCommand(options, uploads)}\n`
