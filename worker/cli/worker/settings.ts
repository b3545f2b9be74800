import type { Command } from 'commander'
import { z } from 'zod'
import { readNumber } from '../../../shared/contracts/argument-text.ts'
import {
  CHECK_SETTING_RULE,
  DEFAULT_SEVERITIES_TEXT,
  readCheckSeverities,
} from '../../../shared/contracts/clip-checks.ts'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { METRICS_NAMESPACE } from '../../../shared/contracts/metrics.ts'
import { PRECISIONS } from '../../compiler/targets/clip-targets.ts'
import { DEVICE_RULE, readDeviceRequest } from '../../cuda/choose-device.ts'
import { MEMORY_MODES } from '../../renderer/render-job.ts'

/*
 * Settings of a worker. Each is an option and, for machines that start by themselves, a variable of the environment.
 * The option has precedence, and an empty variable is ignored. For queue, bucket and model, see deployment.ts.
 */
interface Setting<Value> {
  readonly variable: string
  /** Name of the option's argument; `null` if the option has none, and means 1. */
  readonly value: string | null
  readonly help: string
  readonly rule: string
  /** Reads a value; `undefined` if it breaks the rule. */
  readonly read: (given: string) => Value | undefined
}

const number = (schema: z.ZodNumber, rule: string) => ({
  rule,
  read: (given: string): number | undefined => schema.safeParse(readNumber(given)).data,
})
const whole = (min: number, max: number) =>
  number(z.int().min(min).max(max), `a whole number from ${min} to ${max}`)
const oneOf = <const Value extends string>(values: readonly Value[]) => ({
  rule: values.join(' or '),
  read: (given: string): Value | undefined => values.find((value) => value === given),
})
const text = { rule: 'a text', read: (given: string): string => given }
const flag = {
  rule: '1 or 0',
  read: (given: string): boolean | undefined => (given === '1' ? true : given === '0' ? false : undefined),
}

const DAY_SECONDS = 86_400
/** Limit above the price of any machine. A higher one is a slip of the decimal point, or a price in cents. */
const MAX_USD_PER_HOUR = 1000

const QUALITY_CHECKS_RULE = `a list with commas that names a check once at most; each ${CHECK_SETTING_RULE}`

export const QUALITY_CHECKS_HELP =
  'severities of the checks of finished clips, off, warn or fail, such as likeness=fail,seams=off ' +
  `(${DEFAULT_SEVERITIES_TEXT})`

const SETTINGS = {
  variant: {
    ...text,
    variable: 'SVD_VARIANT',
    value: 'name',
    help: 'weight files of that name, such as fp16',
  },
  device: {
    rule: DEVICE_RULE,
    read: (given: string): string | undefined => (readDeviceRequest(given) === undefined ? undefined : given),
    variable: 'SVD_DEVICE',
    value: 'device',
    help: `${DEVICE_RULE}; auto takes the first NVIDIA card if CUDA is ready (auto)`,
  },
  precision: {
    ...oneOf(PRECISIONS),
    variable: 'SVD_PRECISION',
    value: 'name',
    help: 'of the networks: fp16 or fp32 (fp16 on CUDA; the CPU has fp32 alone)',
  },
  memory: {
    ...oneOf(MEMORY_MODES),
    variable: 'SVD_MEMORY',
    value: 'mode',
    help: `how much of the model is held at once: ${MEMORY_MODES.join(', ')} (auto)`,
  },
  threads: {
    ...whole(1, 1024),
    variable: 'SVD_THREADS',
    value: 'n',
    help: 'threads of one network (one per physical core)',
  },
  scratchDir: {
    ...text,
    variable: 'SVD_SCRATCH_DIR',
    value: 'dir',
    help: "where clips are made before they are published (svd-batch in the system's temporary folder)",
  },
  untilIdle: {
    ...whole(1, DAY_SECONDS),
    variable: 'SVD_UNTIL_IDLE',
    value: 'seconds',
    help: 'end after so long without a job (never)',
  },
  maxJobs: {
    ...whole(1, 1_000_000),
    variable: 'SVD_MAX_JOBS',
    value: 'n',
    help: 'end after so many jobs (never)',
  },
  maxSeconds: {
    ...whole(1, 30 * DAY_SECONDS),
    variable: 'SVD_MAX_SECONDS',
    value: 'n',
    help: 'take no more jobs after so long, finish the jobs that it has leased, and end (never)',
  },
  drainSeconds: {
    ...whole(0, DAY_SECONDS),
    variable: 'SVD_DRAIN_SECONDS',
    value: 'n',
    help: 'from SIGTERM or Ctrl-C to the end: a job that cannot finish by then is released (25)',
  },
  spot: { ...flag, variable: 'SVD_SPOT', value: null, help: "heed EC2's Spot interruption notices" },
  pause: {
    ...flag,
    variable: 'SVD_PAUSE',
    value: null,
    help: 'end while dispatch/pause.json in the output bucket says so: the budget of the day is reached',
  },
  maxAttempts: {
    ...whole(1, 1000),
    variable: 'SVD_MAX_ATTEMPTS',
    value: 'n',
    help: 'a job that fails so often, or takes its worker down, has failed (5)',
  },
  qualityChecks: {
    rule: QUALITY_CHECKS_RULE,
    read: (given: string) => readCheckSeverities(given) ?? undefined,
    variable: 'SVD_QUALITY_CHECKS',
    value: 'list',
    help: QUALITY_CHECKS_HELP,
  },
  beatSeconds: {
    ...whole(1, 3600),
    variable: 'SVD_BEAT_SECONDS',
    value: 'n',
    help: 'interval of the heartbeats that renew a lease (20)',
  },
  visibilitySeconds: {
    ...whole(10, 43_200),
    variable: 'SVD_VISIBILITY_SECONDS',
    value: 'n',
    help: 'for how long each time (120)',
  },
  stallSeconds: {
    ...whole(10, DAY_SECONDS),
    variable: 'SVD_STALL_SECONDS',
    value: 'n',
    help: "kill a renderer that gives no sign for so long, in a network's first run ten minutes longer (1800)",
  },
  usdPerHour: {
    rule: `US dollars from 0 to ${MAX_USD_PER_HOUR}, or auto`,
    read: (given: string): number | 'auto' | undefined =>
      given === 'auto' ? given : z.number().min(0).max(MAX_USD_PER_HOUR).safeParse(readNumber(given)).data,
    variable: 'SVD_USD_PER_HOUR',
    value: 'price',
    help: "what this machine costs, for the estimate in results; auto: the list price of EC2's instance (none)",
  },
  conditionalWrites: {
    ...oneOf(['required', 'optional']),
    variable: 'SVD_CONDITIONAL_WRITES',
    value: 'rule',
    help: 'optional: also work with a store that overwrites what it should leave (required)',
  },
  workerId: { ...text, variable: 'SVD_WORKER_ID', value: 'name', help: 'how records call it (HOST-PID)' },
  healthPort: {
    ...whole(0, 65_535),
    variable: 'SVD_HEALTH_PORT',
    value: 'n',
    help: 'answer GET /health on this port of 127.0.0.1; 0: any (none)',
  },
  healthPortFile: {
    ...text,
    variable: 'SVD_HEALTH_PORT_FILE',
    value: 'file',
    help: 'where that port is written, for a health check that has to find it (none)',
  },
  metrics: {
    ...flag,
    variable: 'SVD_METRICS',
    value: null,
    help: 'metrics for CloudWatch among the log lines',
  },
  metricsNamespace: {
    ...text,
    variable: 'SVD_METRICS_NAMESPACE',
    value: 'name',
    help: `their namespace (${METRICS_NAMESPACE})`,
  },
} as const satisfies Record<string, Setting<unknown>>

type SettingName = keyof typeof SETTINGS

/** Settings of a worker; `null` for each that is not set. */
export type WorkerSettings = {
  readonly [Name in SettingName]: NonNullable<ReturnType<(typeof SETTINGS)[Name]['read']>> | null
}

/** Options as Commander returns them. */
export type WorkerSettingOptions = { readonly [Name in SettingName]?: string | true }

const spell = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`

const entries = Object.entries(SETTINGS) as readonly [SettingName, Setting<unknown>][]

export const addWorkerSettings = (command: Command): Command => {
  for (const [name, { variable, value, help }] of entries) {
    command.option(`${spell(name)}${value === null ? '' : ` <${value}>`}`, `${help} (${variable})`)
  }
  return command
}

/** Reads the settings. Throws one InvalidInputError with every fault: option or variable, value, rule. */
export const readWorkerSettings = (
  options: WorkerSettingOptions,
  environment: Readonly<Record<string, string | undefined>>,
): WorkerSettings => {
  const faults: { readonly field: string; readonly message: string }[] = []
  const read = ([name, { variable, rule, read }]: (typeof entries)[number]): [SettingName, unknown] => {
    const option = options[name] === true ? '1' : options[name]
    const given = option ?? environment[variable]
    if (given === undefined || (given === '' && option === undefined)) return [name, null]
    const value = read(given)
    if (value === undefined) {
      const field = option === undefined ? variable : spell(name)
      faults.push({ field, message: `got '${given}'; must be ${rule}` })
    }
    return [name, value]
  }
  const settings = Object.fromEntries(entries.map(read)) as unknown as WorkerSettings
  const [first, ...others] = faults
  if (first === undefined) return settings
  const rest = others.map(({ field, message }) => `\n${field}: ${message}`).join('')
  throw new InvalidInputError(first.field, first.message + rest)
}
