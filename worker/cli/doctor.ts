import { formatCheck } from '../fitness/check.ts'
import { type Machine, thisMachine } from '../fitness/machine.ts'
import { runChecks } from './doctor-checks.ts'
import type { DoctorOptions } from './doctor-options.ts'
import { EXIT_DONE, EXIT_FAILURE } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

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
