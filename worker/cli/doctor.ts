import type { Command } from 'commander'
import { formatCheck } from '../fitness/check.ts'
import { type Machine, thisMachine } from '../fitness/machine.ts'
import { runChecks } from './doctor-checks.ts'
import { EXIT_DONE, EXIT_FAILURE } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

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

/** Returns the exit code. */
export const runDoctor = async (
  options: DoctorOptions,
  { stdout, environment }: Pick<Surroundings, 'stdout' | 'environment'>,
  machine: Machine = thisMachine(environment),
): Promise<number> => {
  const checks = await runChecks(machine, options)
  const failed = checks.some(({ status }) => status === 'fail')
  stdout.write(
    options.json
      ? `${JSON.stringify({ ok: !failed, checks }, null, 2)}\n`
      : `${checks.map(formatCheck).join('\n')}\n`,
  )
  return failed ? EXIT_FAILURE : EXIT_DONE
}
