import type { Command } from 'commander'
import { type NameTemplate, parseNameTemplate } from '../../client/download/name-template.ts'

/** Options of every command that downloads clips. */
export interface FileOptions {
  readonly name?: string
  readonly overwrite?: true
  readonly posters?: true
}

export const addFileOptions = (command: Command): Command =>
  command
    .option('--name <template>', "names of the files, such as '{item_id}-{motion_bucket_id}-{seed}'")
    .option('--overwrite', 'replace files that differ from their clips')
    .option('--posters', 'the first frames too, as NAME.poster.png')

export const NAME_NOTES = `
Fields of --name: every parameter ({seed}, {motion_bucket_id}, {fps} …), {image}, {item}, {item_id}, {upload}, {video},
{id}, {job_id}, {group} and {model}. Without it, files are named after the item's id or else the image, what differs among
the clips of an image, and the beginning of the job's id.
`

/** Template of `--name`; `null` without it. Throws InvalidInputError. */
export const templateOf = ({ name }: FileOptions): NameTemplate | null =>
  name === undefined ? null : parseNameTemplate('--name', name)
