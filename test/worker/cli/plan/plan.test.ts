import { describe, expect, test } from 'vitest'
import { INSTANCE_TYPE_NAMES, PRICES_OF } from '../../../../shared/fleet/instance-types.ts'
import { runCommandLine, XT_CONFIGS } from '../a-command-line.ts'

const plan = async (...args: readonly string[]) => {
  const { exitCode, stdout, stderr } = await runCommandLine(['plan', '--checkpoint', XT_CONFIGS, ...args])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}
const planJson = async (...args: readonly string[]) => JSON.parse(await plan('--json', ...args))

interface Row {
  readonly instance_type: string
  readonly basis: string
  readonly usd: { readonly high: number }
}

describe('svd plan', () => {
  test('lists every instance type, the cheapest first, and marks the figures as counted', async () => {
    const { prices_of, purchase, instance_types, without_price } = await planJson('--clips', '1000')
    expect({ prices_of, purchase, without_price }).toEqual({
      ...{ prices_of: PRICES_OF, purchase: 'on-demand', without_price: [] },
    })
    const rows: readonly Row[] = instance_types
    expect(rows.map(({ basis }) => basis)).toEqual(rows.map(() => 'counted'))
    expect(rows.map(({ instance_type }) => instance_type).toSorted()).toEqual(INSTANCE_TYPE_NAMES.toSorted())
    const costs = rows.map(({ usd }) => usd.high)
    expect(costs).toEqual(costs.toSorted((a, b) => a - b))
  })

  test('prints these keys with --json', async () => {
    const report = await planJson('--clips', '10', '--instance-type', 'g6e.xlarge')
    expect(Object.keys(report)).toEqual([
      ...['reached', 'prices_of', 'purchase', 'clips', 'within_seconds', 'clip'],
      ...['instance_types', 'without_price'],
    ])
    expect(Object.keys(report.clip)).toEqual([
      ...['width', 'height', 'num_frames', 'guidance', 'num_inference_steps', 'decode_chunk_size'],
      ...['flops', 'reference_flops', 'moved_bytes', 'model_bytes'],
    ])
    expect(Object.keys(report.instance_types[0])).toEqual([
      ...[
        'instance_type',
        'gpu',
        'gpus',
        'usd_per_hour',
        'seconds_per_clip',
        'basis',
        'measured',
        'gpu_memory',
        'host_memory',
      ],
      ...[
        'workers',
        'instances',
        'workers_within',
        'clips_per_hour',
        'hours',
        'instance_hours',
        'usd',
        'usd_per_clip',
      ],
      ...['vcpu_quota', 'limits'],
    ])
    expect(report.clip.model_bytes).toBe(3_049_246_164 + 195_485_694 + 1_264_153_600)
  })

  test('computes hours and costs from --seconds-per-clip', async () => {
    const { instance_types } = await planJson(
      ...['--clips', '720', '--instance-type', 'g6e.xlarge', '--seconds-per-clip', '30', '--workers', '2'],
    )
    const [row] = instance_types
    expect(row).toMatchObject({
      ...{ basis: 'measured', seconds_per_clip: { low: 30, high: 30 } },
      ...{ workers: 2, instances: 2, clips_per_hour: { low: 240, high: 240 } },
      vcpu_quota: { needed: 8, code: 'L-DB2E81BA', name: 'Running On-Demand G and VT instances' },
      limits: [],
    })
    // 360 clips each, 3 h; a minute until the fleet starts, 2 to 5 min of boot, 4.51 GB at 2.5 Gbit/s.
    const model = (4_508_885_458 * 8) / 2.5e9
    expect(row.hours.low).toBeCloseTo(3 + (60 + 120 + model) / 3600, 9)
    expect(row.hours.high).toBeCloseTo(3 + (60 + 300 + model) / 3600, 9)
    expect(row.usd.low).toBeCloseTo(2 * 1.861 * (3 + (120 + model + 450) / 3600), 9)
    expect(row.usd_per_clip.low).toBeCloseTo(row.usd.low / 720, 12)
  })

  test('--spot leaves out instance types without a Spot price, and lists them', async () => {
    const report = await planJson('--clips', '1000', '--spot')
    expect(report.without_price).toEqual([
      ...['g5.8xlarge', 'g5.16xlarge', 'g6.8xlarge', 'g6.16xlarge', 'g6e.4xlarge', 'g6e.8xlarge'],
    ])
    const g6e = report.instance_types.find((row: Row) => row.instance_type === 'g6e.xlarge')
    expect(g6e).toMatchObject({
      usd_per_hour: { low: 0.878, high: 1.333 },
      vcpu_quota: { code: 'L-3819A6DF', name: 'All G and VT Spot Instance Requests' },
    })
    expect(await plan('--clips', '1000', '--spot')).toContain(
      `Without a Spot price in the table, so left out: ${report.without_price.join(', ')}.`,
    )
  })

  test('--within chooses enough workers for that time, in whole instances', async () => {
    const { instance_types } = await planJson(
      ...['--clips', '10000', '--within', '8h', '--instance-type', 'g6e.xlarge', 'p4d.24xlarge'],
    )
    expect(instance_types).toHaveLength(2)
    for (const { workers, workers_within, hours } of instance_types) {
      expect(workers).toBe(workers_within)
      expect(hours.high).toBeLessThanOrEqual(8)
    }
    const p4d = instance_types.find((row: Row) => row.instance_type === 'p4d.24xlarge')
    expect(p4d.workers % 8).toBe(0)
  })

  test('prints "never" when no number of workers meets --within', async () => {
    const text = await plan('--clips', '10', '--within', '6m', '--instance-type', 'g6.xlarge')
    expect(text).toMatch(/IN 6 MIN .*\n.*\bnever\b/)
    expect(text).toContain('Where no number of workers is in time, a machine has to boot')
  })

  test('lists what limits the plan: compute, GPU memory, too few clips, start-up or SQS', async () => {
    const limits = async (...args: readonly string[]) =>
      (await planJson(...args)).instance_types[0].limits as readonly string[]
    expect(await limits('--clips', '1000', '--instance-type', 'g4dn.xlarge')).toEqual([
      'compute',
      'GPU memory (fewer frames decoded at once)',
    ])
    expect(await limits('--clips', '2', '--instance-type', 'g6e.xlarge', '--workers', '3')).toEqual([
      ...['clips: fewer than workers', 'start-up: most of the time paid for', 'compute'],
    ])
    expect(
      await limits('--clips', '1000000', '--instance-type', 'g6e.xlarge', '--workers', '40001'),
    ).toContain('SQS: 120000 messages in flight')
  })

  test('finds that SVD-XT fits the host memory of every instance type', async () => {
    const { instance_types } = await planJson('--clips', '1')
    expect(instance_types.length).toBeGreaterThan(0)
    for (const { instance_type, host_memory } of instance_types) {
      expect(host_memory, instance_type).toMatchObject({ fits: true })
      expect(host_memory.needed_bytes).toBeLessThan(0.25 * host_memory.available_bytes)
    }
  })

  test('lists an instance type with too little GPU memory last, and names this limit', async () => {
    const size = ['--width', '2560', '--height', '1440', '--clips', '100']
    const types = ['--instance-type', 'g4dn.xlarge', 'p5.48xlarge']
    const { instance_types } = await planJson(...size, ...types)
    expect(instance_types.map((row: Row) => row.instance_type)).toEqual(['p5.48xlarge', 'g4dn.xlarge'])
    expect(instance_types[1].gpu_memory.fits).toBeNull()
    expect(instance_types[1].limits[0]).toBe('GPU memory (too small)')
    expect(await plan(...size, ...types)).toMatch(
      /g4dn\.xlarge +T4 +too small \([\d.]+ GB of 16\.1 GB\) +GPU memory/,
    )
  })

  test('prints why no GPU renders a size that is too large', async () => {
    const size = ['--width', '3072', '--height', '3072', '--clips', '100']
    expect(await plan(...size, '--instance-type', 'p5.48xlarge')).toMatch(
      /p5\.48xlarge +8 H100 +too large for CUDA +tensors of 2\^31 elements;/,
    )
  })

  test('prints a table, and below it the names of the quotas and the date of the prices', async () => {
    const text = await plan('--clips', '10000')
    expect(text).toMatch(
      /^10,000 clips: 1024x576, 25 frames, guidance on, 25 steps, 25 frames decoded at once\n/,
    )
    expect(text).toMatch(
      /\ng6e\.xlarge +L40S +fits \(31\.5 GB of 48\.0 GB\) +25-55 +counted +1 +65-143 +70-154 +130-286 +0\.013-0\.029 +4 L-DB2E81BA +compute\n/,
    )
    expect(text).toContain('Counted: from the CUDA graphs, not measured.')
    expect(text).not.toContain('Measured:')
    expect(text).toContain(`Prices: on-demand, ${PRICES_OF}.`)
    expect(text).toMatch(/\n {2}L-417A185B {2}Running On-Demand P instances\n/)
  })
})

test.each([
  [['--clips', '0'], "error: --clips: got '0'; must be a whole number from 1 to 1000000000000\n"],
  [['--clips', 'many'], "error: --clips: got 'many'; must be a whole number from 1 to 1000000000000\n"],
  [[], "error: required option '--clips <n>' not specified\n"],
  [
    ['--clips', '1', '--instance-type', 'g6e.3xlarge'],
    /argument 'g6e\.3xlarge' is invalid\. Allowed choices are g4dn\.xlarge, .*, p5\.48xlarge\.\n/,
  ],
  [
    ['--clips', '1', '--spot', '--instance-type', 'g6.8xlarge'],
    /^error: --instance-type: g6\.8xlarge has no Spot price in the table; take --on-demand, or one of g4dn/,
  ],
  [['--clips', '1', '--spot', '--on-demand'], /cannot be used with option '--on-demand'/],
  [
    ['--clips', '1', '--workers', '1.5'],
    "error: --workers: got '1.5'; must be a whole number from 1 to 1000000\n",
  ],
  [
    ['--clips', '1', '--within', '8'],
    "error: --within: got '8'; must be a time such as 90s, 15m, 2h or 3d\n",
  ],
  [['--clips', '1', '--within', '0h'], "error: --within: got '0h'; must be more than nothing\n"],
  [
    ['--clips', '1', '--seconds-per-clip', '30'],
    'error: --seconds-per-clip: was measured on one card; name the one --instance-type that has it\n',
  ],
  [
    ['--clips', '1', '--seconds-per-clip', '0', '--instance-type', 'g6.xlarge'],
    "error: --seconds-per-clip: got '0'; must be above 0 and at most 86400\n",
  ],
  [['--clips', '1', '--height', '577'], /^error: --height: got 577; must be a multiple of 8/],
])('svd plan refuses %j', async (args, message) => {
  const { exitCode, stdout, stderr } = await runCommandLine(['plan', '--checkpoint', XT_CONFIGS, ...args])
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  if (typeof message === 'string') expect(stderr).toBe(message)
  else expect(stderr).toMatch(message)
})
