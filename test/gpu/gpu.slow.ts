import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, describe, expect, test } from 'vitest'
import { openStandIn } from '../cuda/stand-in-card.ts'
import { NETWORK_GOLDENS, PIPELINE_GOLDENS } from './golden-checks.ts'
import { PART_NAMES } from './gpu-options.ts'
import type { PartReport } from './report.ts'

const { obstacle, title } = await openStandIn()
const PROGRAM = fileURLToPath(new URL('gpu.ts', import.meta.url))
const RUN_MS = 600_000

/** The program as it is, over the stand-in and with a small model. */
const runProgram = async (output: string, ...options: readonly string[]) => {
  const standIn = ['--stand-in', 'h100', '--small', '--budget', '600', '--python', 'no-such-python']
  const { exitCode, stderr } = await execa(
    process.execPath,
    [PROGRAM, ...standIn, '--output', output, ...options],
    {
      reject: false,
    },
  )
  const written = JSON.parse(await readFile(path.join(output, 'gpu.json'), 'utf8')) as {
    readonly standIn: boolean
    readonly commit: string
    readonly parts: readonly PartReport[]
  }
  return { exitCode, stderr, written, markdown: await readFile(path.join(output, 'gpu.md'), 'utf8') }
}

describe.skipIf(obstacle !== null)(`npm run test:gpu over the stand-in${title}`, () => {
  let run: Awaited<ReturnType<typeof runProgram>>
  beforeAll(async () => {
    const output = await mkdtemp(path.join(tmpdir(), 'svd-gpu-test-'))
    run = await runProgram(output, '--commit', 'abc1234')
    await rm(output, { recursive: true })
  }, RUN_MS)

  const part = (name: string): PartReport => run.written.parts.find((each) => each.part === name)!
  const rowsOf = (name: string, table: number) => part(name).tables[table]?.rows ?? []

  test('runs every part on the CUDA provider, and skips diffusers without a Python that has it', () => {
    const status = Object.fromEntries(PART_NAMES.map((name) => [name, part(name).status]))
    expect([run.exitCode, status], run.stderr).toEqual([
      0,
      { device: 'ok', xt: 'ok', goldens: 'ok', demo: 'ok', profile: 'ok', diffusers: 'skipped' },
    ])
  })

  test('runs the networks of goldens in both precisions, and clips in float16 only with a budget', () => {
    const counts = Map.groupBy(rowsOf('goldens', 0), ({ golden, precision }) => `${golden} ${precision}`)
    const networks = Object.keys(NETWORK_GOLDENS)
    const outputs = Object.fromEntries([...counts].map(([name, rows]) => [name, rows.length]))
    expect(outputs).toEqual({
      ...Object.fromEntries(
        networks.flatMap((name) => [`${name} fp32`, `${name} fp16`]).map((name) => [name, 7]),
      ),
      ...Object.fromEntries(PIPELINE_GOLDENS.map((name) => [`${name} fp32`, 2])),
      ...Object.fromEntries(
        ['default-ramp', 'half-noise', 'three-level'].map((name) => [`pipeline-${name} fp16`, 2]),
      ),
    })
  })

  test('runs every network for the large clip, and the denoise step six times after its first run', () => {
    const runs = rowsOf('xt', 0).map(({ network, laterRuns }) => [network, laterRuns])
    expect(runs).toEqual([
      ['image_encoder', 0],
      ['vae_encoder', 0],
      ['time_shifts', 0],
      ['conditioning', 0],
      ['denoise_step', 6],
      ['vae_decoder, 4 frames', 0],
      ['image_encoder', 3],
      ['vae_encoder', 3],
    ])
  })

  test('writes a profile by op of the three references, the step and the decoder', () => {
    expect(part('profile').tables.map(({ title: name }) => name)).toEqual([
      'product: time by op',
      'convolution: time by op',
      'temporal group norm: time by op',
      'denoise step: time by op',
      'decoder, 4 frames: time by op',
    ])
    expect(rowsOf('profile', 2).map(({ op, count }) => [op, count])).toEqual(
      expect.arrayContaining([
        ['GroupNorm', 1],
        ['Mul', 1],
      ]),
    )
  })

  test('writes no time, rate or memory of the stand-in, and names the stand-in in its results', () => {
    const keys = new Set(
      run.written.parts.flatMap(({ tables }) => tables.flatMap(({ rows }) => rows.flatMap(Object.keys))),
    )
    expect([...keys].filter((key) => /seconds|milli|teraflops|PerSecond|peak|load$|psnr/i.test(key))).toEqual(
      [],
    )
    expect(run.written.parts.map(({ seconds }) => seconds)).toEqual(PART_NAMES.map(() => null))
    expect([run.written.standIn, run.written.commit]).toEqual([true, 'abc1234'])
    expect(run.markdown).toContain('stand-in for h100, compute capability 9.0')
    expect(run.markdown).toContain('**This ran over the stand-in runtime')
  })
})

test('npm run test:gpu refuses a part that does not exist before it runs anything', async () => {
  const { exitCode, stderr } = await execa(process.execPath, [PROGRAM, '--parts', 'xt,speed'], {
    reject: false,
  })
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringContaining('device, xt, goldens, demo, profile, diffusers'),
  ])
})
