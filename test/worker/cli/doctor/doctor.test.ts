import { expect, test } from 'vitest'
import { runDoctor } from '../../../../worker/cli/doctor/doctor.ts'
import type { DeviceProbes } from '../../../../worker/cuda/choose-device.ts'
import type { Check } from '../../../../worker/preflight/check.ts'
import type { Machine } from '../../../../worker/preflight/machine.ts'
import { aCard } from '../../cuda/a-card.ts'
import { aMachine } from '../../preflight/a-machine.ts'
import { DEMO_CHECKPOINT, NO_CARDS, runCommandLine, XT_CONFIGS } from '../a-command-line.ts'

const examine = async (
  machine: Machine,
  options: { readonly checkpoint?: string; readonly device?: string } = {},
  deviceProbes: DeviceProbes = NO_CARDS,
) => {
  let stdout = ''
  const context = {
    environment: {},
    deviceProbes,
    signal: new AbortController().signal,
    openServices: () => Promise.reject(new Error('this machine alone is looked at')),
    stdout: {
      write(text: string) {
        stdout += text
      },
    },
  }
  const exitCode = await runDoctor({ outputDir: 'videos', json: true, ...options }, context, machine)
  return { exitCode, ...JSON.parse(stdout) }
}

const withCard: DeviceProbes = { readCards: async () => [aCard()], readCudaFaults: async () => [] }

test('svd doctor passes every check on a sound machine', async () => {
  expect(await examine(aMachine(), { checkpoint: DEMO_CHECKPOINT })).toEqual({
    exitCode: 0,
    ok: true,
    checks: [
      { name: 'node', status: 'ok', found: '24.1.0', fix: null },
      { name: 'onnxruntime', status: 'ok', found: '1.30.0, providers: cpu', fix: null },
      { name: 'ffmpeg', status: 'ok', found: '7.1, /bin/ffmpeg (from PATH)', fix: null },
      {
        name: 'memory',
        status: 'ok',
        found: '32.0 GB of 64.0 GB available; Abacus, 8 logical cores',
        fix: null,
      },
      { name: 'device', status: 'ok', found: 'the processor; there is no NVIDIA card', fix: null },
      { name: 'output', status: 'ok', found: '100 GB free in videos', fix: null },
      { name: 'temporary', status: 'ok', found: '100 GB free in /temporary', fix: null },
      {
        name: 'checkpoint',
        status: 'ok',
        found: '14.7 MB of weights, 192x128, 14 frames, 10 steps by default',
        fix: null,
      },
      {
        name: 'clip memory',
        status: 'ok',
        found: '192x128, 14 frames: 730 MB with --memory offload; 32.0 GB available',
        fix: null,
      },
    ],
  })
})

test.each<[string, Partial<Machine>, object, number]>([
  [
    'an old Node',
    { nodeVersion: '22.18.0' },
    {
      name: 'node',
      status: 'fail',
      found: '22.18.0',
      fix: 'use Node 24.0 or newer; npm scripts of this package do',
    },
    1,
  ],
  [
    'an ONNX Runtime that does not load',
    { onnxRuntime: () => Promise.reject(new Error('libonnxruntime.so.1: cannot open shared object file')) },
    {
      name: 'onnxruntime',
      status: 'fail',
      found: 'libonnxruntime.so.1: cannot open shared object file',
      fix: 'run npm ci again; musl (Alpine) and 32-bit systems have no build',
    },
    1,
  ],
  [
    'an ffmpeg without libx264',
    {
      ffmpeg: async () => ({
        path: '/bin/ffmpeg',
        source: 'FFMPEG_PATH',
        version: '7.1',
        encoders: ['mpeg4'],
      }),
    },
    {
      name: 'ffmpeg',
      status: 'fail',
      found: '7.1, /bin/ffmpeg (from FFMPEG_PATH) has no libx264',
      fix: 'set FFMPEG_PATH to a build with libx264',
    },
    1,
  ],
  [
    'an ffmpeg without the encoders of two formats',
    {
      ffmpeg: async () => ({
        path: '/bin/ffmpeg',
        source: 'PATH',
        version: '7.1',
        encoders: ['libx264', 'gif'],
      }),
    },
    {
      name: 'ffmpeg',
      status: 'warn',
      found: '7.1, /bin/ffmpeg (from PATH) has no libvpx-vp9 (webm) and prores_ks (prores)',
      fix: 'set FFMPEG_PATH to a build that has, for these formats',
    },
    0,
  ],
  [
    'too little memory for the full model',
    { availableMemoryBytes: async () => 3e9 },
    {
      name: 'memory',
      status: 'warn',
      found: '3.00 GB of 64.0 GB available; Abacus, 8 logical cores',
      fix: 'close programs, or render small: --memory low-vram',
    },
    0,
  ],
  [
    'a full disk',
    { freeDiskBytes: async (folder) => (folder === 'videos' ? 5e6 : 100e9) },
    { name: 'output', status: 'fail', found: '5.00 MB free in videos', fix: 'free some space' },
    1,
  ],
])('svd doctor suggests a fix for %s', async (_, changes, expected, exitCode) => {
  const result = await examine(aMachine(changes))
  expect(result.checks).toContainEqual(expected)
  expect({ exitCode: result.exitCode, ok: result.ok }).toEqual({ exitCode, ok: exitCode === 0 })
})

test.each([
  [
    500e6,
    'warn',
    /^192x128, 14 frames: \d+ MB with --memory offload; 500 MB available; \d+ frames decoded at once$/,
    '--memory auto does so by itself',
  ],
  [
    50e6,
    'fail',
    /^192x128, 14 frames: prediction_step needs 335 MB, and 47.5 MB are there, because other processes use 64.0 GB of 64.0 GB$/,
    'free some memory, or take a machine with more',
  ],
])(
  'svd doctor reports too little memory for a clip when %d bytes are available',
  async (available, status, found, fix) => {
    const { checks } = await examine(aMachine({ availableMemoryBytes: async () => available }), {
      checkpoint: DEMO_CHECKPOINT,
    })
    const name = 'clip memory'
    expect(checks.at(-1)).toEqual({ name, status, found: expect.stringMatching(found), fix })
  },
)

test('svd doctor fails for a checkpoint without weights', async () => {
  const { exitCode, checks } = await examine(aMachine(), { checkpoint: XT_CONFIGS })
  expect(exitCode).toBe(1)
  expect(checks.at(-1)).toEqual({
    name: 'checkpoint',
    status: 'fail',
    found: expect.stringMatching(/^unet: has no weights/),
    fix: 'see the message; downloading the folder again mends most faults',
  })
})

test('svd doctor --device cuda reports the GPU, or fails with a fix when there is none', async () => {
  const sound = await examine(aMachine(), { device: 'cuda' }, withCard)
  expect([sound.exitCode, sound.checks.find(({ name }: Check) => name === 'device').found]).toEqual([
    0,
    'NVIDIA A10G, compute capability 8.6; driver 580.126.09; 23.6 GB of 24.1 GB free; ' +
      'CUDA provider of ONNX Runtime 1.30.0',
  ])
  const broken = await examine(aMachine(), { device: 'cuda' })
  expect(broken.exitCode).toBe(1)
  expect(broken.checks).toContainEqual({
    name: 'device',
    status: 'fail',
    found:
      '--device: got cuda, but no NVIDIA driver answers (spawn nvidia-smi ENOENT); install one, or use cpu',
    fix: "install NVIDIA's driver, start a container with --gpus all, or render on the processor: --device cpu",
  })
})

test.each([
  [['doctor', '--device', 'gpu'], "--device: got 'gpu'; must be auto, cpu, cuda or cuda:N"],
  [['doctor', '--aws', '--device', 'cuda'], "option '--aws' cannot be used with option '--device <device>'"],
])('svd refuses the arguments %j', async (args, message) => {
  const { exitCode, stderr } = await runCommandLine(args)
  expect(exitCode).toBe(2)
  expect(stderr).toContain(message)
})

test('svd doctor passes its checks on the machine that runs the tests', async () => {
  const { exitCode, stdout } = await runCommandLine(['doctor'])
  expect(stdout).toMatch(
    /^ok {4}node +24\.\d+\.\d+\nok {4}onnxruntime +1\.30\.0, providers: cpu.*\nok {4}ffmpeg /,
  )
  expect(exitCode).toBe(0)
})

test('svd doctor --device cuda reports the GPU memory and the host memory that a clip needs', async () => {
  const { checks } = await examine(
    aMachine({ availableMemoryBytes: async () => 3e9 }),
    { checkpoint: DEMO_CHECKPOINT, device: 'cuda' },
    withCard,
  )
  expect(checks.at(-1)).toMatchObject({
    name: 'clip memory',
    status: 'ok',
    found: expect.stringMatching(
      /^192x128, 14 frames: \d{3} MB with --memory offload; [\d.]+ GB available; of the host 1\.\d+ GB$/,
    ),
  })
})

test("svd doctor --device cuda fails when a clip fits the GPU's memory but not the host's", async () => {
  const { checks } = await examine(
    aMachine({ availableMemoryBytes: async () => 5e8 }),
    { checkpoint: DEMO_CHECKPOINT, device: 'cuda' },
    withCard,
  )
  expect(checks.at(-1)).toMatchObject({
    name: 'clip memory',
    status: 'fail',
    found: expect.stringMatching(
      /needs 1\.\d+ GB of the host's memory, and 475 MB are there, because other processes use [\d.]+ GB of [\d.]+ GB$/,
    ),
  })
})

test('svd doctor queries the GPU once, and reports memory that other processes use on it', async () => {
  let asked = 0
  const card = aCard({ freeBytes: 5e8 })
  const readCards = async () => {
    asked += 1
    return [card]
  }
  const { checks } = await examine(
    aMachine(),
    { checkpoint: DEMO_CHECKPOINT, device: 'cuda' },
    { readCards, readCudaFaults: async () => [] },
  )
  expect(asked).toBe(1)
  expect(checks.at(-1)).toMatchObject({
    name: 'clip memory',
    status: 'fail',
    found: expect.stringMatching(/ are there, because other processes use 23\.6 GB of 24\.1 GB$/),
  })
})
