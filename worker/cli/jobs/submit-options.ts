import type { Command } from 'commander'
import type { DeploymentOptions } from '../../aws/deployment.ts'
import { addArgumentOptions, SAMPLING_OPTIONS, VIDEO_OPTIONS } from '../argument-options.ts'
import { addDeploymentOptions } from '../deployment-options.ts'
import { addSeedsOption, type SeedOptions } from '../seed-options.ts'
import { addFileOptions, type FileOptions, NAME_NOTES } from './download-options.ts'

const NOTES = `
Images are uploaded to images/PREFIX/, manifests (.json, .jsonl) to manifests/PREFIX/; nothing is overwritten. Files
are checked before the first upload. The same image, parameters and checkpoint are the same job: if it is done, nothing
is rendered. If it failed before, the command prints why, and --retry-failed brings it back as svd redrive does.

A manifest names images by their keys in the input bucket. With --images DIR, those it names are uploaded too:
images/a/x.png is DIR/a/x.png.

AVIF and TIFF are uploaded as PNG: x.avif becomes images/PREFIX/x.avif.png, and a manifest names it images/x.avif.png.

With --download a file that is there already is kept if it is the clip, and refused if it is another file. Names are
checked before the first upload. If the command is stopped, the jobs go on, and it prints how to come back.
${NAME_NOTES}
  svd submit photos/*.jpg --motion-bucket-id 60 --wait --download videos
  svd submit photo.png --seeds 1..8
  svd submit motion.json --images photos
  svd submit photo.png --context '{"order": 7}'
`

export const addSubmitOptions = (command: Command): Command => {
  command
    .summary('upload images or manifests')
    .description('Uploads images or manifests and prints their jobs.')
    .argument('<file...>', 'PNG, JPEG, WebP, AVIF or TIFF files, folders of them, patterns, or manifests')
    .optionsGroup('Files:')
    .option('--prefix <name>', 'folder in the bucket (default: date, time and random letters)')
    .option('--images <dir>', 'folder with the images that the manifests name')
  return addRequestOptions(command).addHelpText('after', NOTES)
}

/** Options of commands that upload images and may wait for their jobs. */
export const addRequestOptions = (command: Command): Command => {
  command
    .option('--context <json>', 'JSON object that comes back in the events of the images; @FILE: in a file')
    .option('--retry-failed', 'bring jobs back that failed before')
    .optionsGroup('Video:')
  addSeedsOption(addArgumentOptions(command, VIDEO_OPTIONS)).optionsGroup('Sampling:')
  addArgumentOptions(command, SAMPLING_OPTIONS)
  addDeploymentOptions(command, ['inputBucket', 'outputBucket', 'jobsQueueUrl', 'deadLetterQueueUrl'])
    .optionsGroup('Output:')
    .option('--report-timeout <time>', 'how long to wait for ingest to say which jobs they are', '2m')
    .option('--wait', 'until all jobs are done; exit code 1 if one failed')
    .option('--download <dir>', 'wait, and download each clip into this folder when it is ready')
  return addFileOptions(command)
    .option('--interval <seconds>', 'between two polls', '2')
    .option('--json', 'one JSON object')
    .option('--quiet', 'no progress')
}

export interface SubmitOptions extends DeploymentOptions, FileOptions, SeedOptions {
  readonly prefix?: string
  readonly images?: string
  readonly context?: string
  readonly retryFailed?: true
  readonly reportTimeout: string
  readonly wait?: true
  readonly download?: string
  readonly interval: string
  readonly json?: true
  readonly quiet?: true
}
