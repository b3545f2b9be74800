import { expect, test } from 'vitest'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import { readWorkerSettings } from '../../../../worker/cli/worker/settings.ts'

test('a worker setting without an option and a variable is null', () => {
  expect(new Set(Object.values(readWorkerSettings({}, {})))).toEqual(new Set([null]))
})

test('a worker setting comes from its option, else from its variable', () => {
  const settings = readWorkerSettings(
    { maxJobs: '3', spot: true },
    {
      SVD_MAX_JOBS: '7',
      SVD_UNTIL_IDLE: '300',
      SVD_METRICS: '1',
      SVD_MEMORY: 'offload',
      SVD_USD_PER_HOUR: '0.526',
    },
  )

  expect(settings).toMatchObject({
    maxJobs: 3,
    untilIdle: 300,
    spot: true,
    metrics: true,
    memory: 'offload',
    usdPerHour: 0.526,
  })
})

test('an empty variable sets nothing, and 0 disables a switch', () => {
  expect(readWorkerSettings({}, { SVD_MAX_JOBS: '', SVD_SPOT: '0' })).toMatchObject({
    maxJobs: null,
    maxSeconds: null,
    spot: false,
  })
})

test('readWorkerSettings reports every fault with the name of its option or variable', () => {
  const read = () =>
    readWorkerSettings({ threads: '0', memory: 'much' }, { SVD_MAX_ATTEMPTS: '1.5', SVD_SPOT: 'yes' })

  expect(read).toThrow(InvalidInputError)
  expect(read).toThrow(
    [
      "--memory: got 'much'; must be auto or resident or offload or low-vram",
      "--threads: got '0'; must be a whole number from 1 to 1024",
      "SVD_SPOT: got 'yes'; must be 1 or 0",
      "SVD_MAX_ATTEMPTS: got '1.5'; must be a whole number from 1 to 1000",
    ].join('\n'),
  )
})

test.each(['-1', '1001', 'free', '1,5', 'NaN'])('--usd-per-hour refuses %j', (price) => {
  expect(() => readWorkerSettings({ usdPerHour: price }, {})).toThrow(
    `--usd-per-hour: got '${price}'; must be US dollars from 0 to 1000, or auto`,
  )
})

test('SVD_QUALITY_CHECKS changes only the severities of the checks that it names', () => {
  expect(readWorkerSettings({}, { SVD_QUALITY_CHECKS: 'likeness=fail' }).qualityChecks).toEqual({
    ...{ 'non-finite': 'fail', black: 'fail', blank: 'fail', frozen: 'fail', container: 'fail' },
    ...{ likeness: 'fail', seams: 'warn' },
  })
})

test.each(['likenes=fail', 'likeness=error', 'seams=off,seams=fail'])(
  '--quality-checks refuses %j',
  (list) => {
    expect(() => readWorkerSettings({ qualityChecks: list }, {})).toThrow(
      `--quality-checks: got '${list}'; must be a list with commas that names a check once at most; each must be ` +
        'CHECK=SEVERITY, such as likeness=fail; checks are non-finite, black, blank, frozen, seams, likeness, container; ' +
        'severities are off, warn, fail',
    )
  },
)

test('--usd-per-hour accepts a number or auto', () => {
  expect(readWorkerSettings({ usdPerHour: '1.5' }, {}).usdPerHour).toBe(1.5)
  expect(readWorkerSettings({}, { SVD_USD_PER_HOUR: 'auto' }).usdPerHour).toBe('auto')
})
