import type { Command } from 'commander'

export interface MetadataOptions {
  /** `false` with `--no-metadata`. */
  readonly metadata?: boolean
}

export const addMetadataOption = (command: Command): Command =>
  command.option(
    '--no-metadata',
    'neither parameters, model and version in the files, nor NAME.json beside them',
  )

/** The option as an argument of clips. A request that does not use it has none. */
export const metadataArgument = ({ metadata }: MetadataOptions): { readonly metadata?: false } =>
  metadata === false ? { metadata } : {}
