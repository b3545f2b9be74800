import { once } from '../../../shared/once.ts'
import { readDeviceOption } from '../../device/clip-device.ts'
import { type Check, formatCheck } from '../../preflight/check.ts'
import { type Machine, thisMachine } from '../../preflight/machine.ts'
import type { CommandContext } from '../command-context.ts'
import { EXIT_DONE, EXIT_FAILURE } from '../exit-code.ts'
import { readAwsToCheck } from './aws-options.ts'
import { runChecks } from './checks.ts'
import { assertMachineOptions, type DoctorOptions } from './options.ts'

type DoctorContext = Pick<
  CommandContext,
  'stdout' | 'environment' | 'signal' | 'openServices' | 'deviceProbes'
>

const examineAws = async (
  options: DoctorOptions,
  { environment, signal, openServices }: DoctorContext,
): Promise<readonly Check[]> => {
  const asked = readAwsToCheck(options, environment)
  const { runAwsChecks } = await import('./aws-checks.ts')
  await using services = await openServices()
  return await runAwsChecks(services, asked, signal)
}

const examineMachine = async (
  options: DoctorOptions,
  { environment, deviceProbes }: DoctorContext,
  machine: Machine,
): Promise<readonly Check[]> => {
  // Before a check runs on the card: memory of a process that has ended comes back late.
  const probes = { ...deviceProbes, readCards: once(() => deviceProbes.readCards()) }
  const device = { ...readDeviceOption(options.device, environment), probes, environment }
  return await runChecks(machine, { ...options, device })
}

/** Returns the exit code. Throws InvalidInputError. */
export const runDoctor = async (
  options: DoctorOptions,
  context: DoctorContext,
  machine: Machine = thisMachine(context.environment),
): Promise<number> => {
  if (!options.aws) assertMachineOptions(options)
  const checks = options.aws
    ? await examineAws(options, context)
    : await examineMachine(options, context, machine)
  const failed = checks.some(({ status }) => status === 'fail')
  context.stdout.write(
    options.json
      ? `${JSON.stringify({ ok: !failed, checks }, null, 2)}\n`
      : `${checks.map(formatCheck).join('\n')}\n`,
  )
  return failed ? EXIT_FAILURE : EXIT_DONE
}
