import type { Command } from 'commander'

export const addDoctorOptions = (command: Command): Command =>
  command
    .summary('check that this machine can render')
    .description('Checks Node, ONNX Runtime, ffmpeg, memory, disk space and, if given, a checkpoint.')
    .option('--checkpoint <dir>', 'also check this checkpoint: configs, weight files, every tensor')
    .option('--variant <name>', 'weight files of that name, such as fp16')
    .option('--output-dir <dir>', 'where videos will go', '.')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExit code 1 if anything would stop a render; warnings do not.\n')

export interface DoctorOptions {
  readonly checkpoint?: string
  readonly variant?: string
  readonly outputDir: string
  readonly json?: true
}
