import { type Command, Option } from 'commander'
import { MEMORY_MODES, type MemoryMode } from '../../renderer/render-job.ts'
import { addDeviceOptions, type DeviceOptions } from '../device-options.ts'
import { QUALITY_CHECKS_HELP } from '../worker/settings.ts'

const NOTES = `
Buckets and queues are in memory: they are gone when this ends. With --output-dir each finished video is a file there,
too. Ctrl-C drains: it finishes the video that is being made; once more ends at once.

  svd local --output-dir videos
  svd local --checkpoint svd-xt --variant fp16 --port 4566
`

export interface LocalOptions extends DeviceOptions {
  readonly checkpoint?: string
  readonly variant?: string
  readonly port: string
  readonly memory: MemoryMode
  readonly threads?: string
  readonly qualityChecks?: string
  readonly outputDir?: string
}

export const addLocalOptions = (command: Command): Command =>
  addDeviceOptions(command)
    .summary('the whole pipeline on this machine')
    .description(
      'Starts S3 and SQS in this process, ingests what is dropped into the bucket, and renders it on this machine.',
    )
    .option('-c, --checkpoint <dir>', 'Stable Video Diffusion as a diffusers folder (the demo checkpoint)')
    .option('--variant <name>', 'weight files of that name, such as fp16')
    .option('--port <n>', 'of the endpoint, on 127.0.0.1; 0: any that is free', '4566')
    .addOption(
      new Option('--memory <mode>', 'how much of the model is held at once')
        .choices(MEMORY_MODES)
        .default('auto'),
    )
    .option('--threads <n>', 'threads of one network (one per physical core)')
    .option('--quality-checks <list>', QUALITY_CHECKS_HELP)
    .option('--output-dir <dir>', 'folder for the finished videos')
    .addHelpText('after', NOTES)
