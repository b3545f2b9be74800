import { type Command, Option } from 'commander'
import type { DeviceOptions } from '../../device/clip-device.ts'
import { MEMORY_MODES, type MemoryMode } from '../../renderer/render-job.ts'
import { addDeviceOptions } from '../device-options.ts'
import { QUALITY_CHECKS_HELP } from '../worker/settings.ts'

const NOTES = `
Buckets and queues are in memory: they are gone when this ends, unless --data-dir names a folder that keeps them. The next
start with that folder goes on where the last one ended, also after a crash or kill -9, and makes no video twice. One
process uses a folder at a time. With --output-dir each finished video is a file there, too. Ctrl-C drains: it finishes
the video that is being made; once more ends at once.

Events tell that a request, a batch or an upload has ended: svd schema event. --on-event runs up to four commands at
once, for at most a minute each, and a command that fails up to three times. They delay no video; svd waits for them
when it ends.

  svd local --data-dir svd-data --output-dir videos
  svd local --events events.jsonl --on-event 'curl -s --json @- http://127.0.0.1:8000/'
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
  readonly dataDir?: string
  readonly events?: string
  readonly onEvent?: string
}

export const addLocalOptions = (command: Command): Command =>
  addDeviceOptions(command)
    .summary('the whole pipeline on this machine')
    .description(
      'Starts S3 and SQS in this process, ingests what is uploaded to the bucket, and renders it on this machine.',
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
    .option('--data-dir <dir>', 'folder that keeps buckets and queues, to go on there later (in memory)')
    .option('--events <file>', 'append each event to a file as a line of JSON; -: stdout')
    .option('--on-event <command>', 'run a command for each event, which it gets on stdin')
    .addHelpText('after', NOTES)
