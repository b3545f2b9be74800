import { expect, test } from 'vitest'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import { readWorkerSettings } from '../../../../worker/cli/worker/settings.ts'

test('what nobody sets is null', () => {
  expect(new Set(Object.values(readWorkerSettings({}, {})))).toEqual(new Set([null]))
})

test('takes options, and for the rest the environment', () => {
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

test('an empty variable is none, and 0 turns a switch off', () => {
  expect(readWorkerSettings({}, { SVD_MAX_JOBS: '', SVD_SPOT: '0' })).toMatchObject({
    maxJobs: null,
    maxSeconds: null,
    spot: false,
  })
})

test('tells every fault, as it was given', () => {
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

test.each(['-1', '1001', 'free', '1,5', 'NaN'])('%j is no price', (price) => {
  expect(() => readWorkerSettings({ usdPerHour: price }, {})).toThrow(
    `--usd-per-hour: got '${price}'; must be US dollars from 0 to 1000, or auto`,
  )
})

test('severities of checks are those of the list, and the usual ones', () => {
  expect(readWorkerSettings({}, { SVD_QUALITY_CHECKS: 'likeness=fail' }).qualityChecks).toEqual({
    ...{ 'non-finite': 'fail', black: 'fail', blank: 'fail', frozen: 'fail', container: 'fail' },
    ...{ likeness: 'fail', seams: 'warn' },
  })
})

test.each(['likenes=fail', 'likeness=error', 'seams=off,seams=fail'])(
  '%j is no list of severities',
  (list) => {
    expect(() => readWorkerSettings({ qualityChecks: list }, {})).toThrow(
      `--quality-checks: got '${list}'; must be a list with commas that names a check once at most; each must be ` +
        'CHECK=SEVERITY, such as likeness=fail; checks are non-finite, black, blank, frozen, seams, likeness, container; ' +
        'severities are off, warn, fail',
    )
  },
)

test('a price is a number, or to be found out', () => {
  expect(readWorkerSettings({ usdPerHour: '1.5' }, {}).usdPerHour).toBe(1.5)
  expect(readWorkerSettings({}, { SVD_USD_PER_HOUR: 'auto' }).usdPerHour).toBe('auto')
})
