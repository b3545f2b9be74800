import { expect, test } from 'vitest'
import type { Card } from '../../../worker/cuda/cards.ts'
import type { DeviceProbes, DeviceRequest } from '../../../worker/cuda/choose-device.ts'
import { checkDevice, type DeviceToCheck } from '../../../worker/preflight/device-check.ts'
import { aCard } from '../cuda/a-card.ts'
import { aMachine } from './a-machine.ts'

const AUTO: DeviceRequest = { kind: 'auto' }
const CUDA: DeviceRequest = { kind: 'cuda', index: 0 }
const NO_DRIVER =
  "install NVIDIA's driver, start a container with --gpus all, or render on the processor: --device cpu"

const withCards = (cards: readonly Card[], more: Partial<DeviceProbes> = {}): DeviceProbes => ({
  readCards: async () => cards,
  readCudaFaults: async () => [],
  ...more,
})

const check = (request: DeviceRequest, probes: DeviceProbes, more: Partial<DeviceToCheck> = {}) =>
  checkDevice({ field: 'SVD_DEVICE', request, probes, environment: {}, machine: aMachine(), ...more })

test('the check of a GPU reports its name, compute capability, driver, free memory and CUDA provider', async () => {
  const card = aCard({ name: 'NVIDIA H200', computeCapability: { major: 9, minor: 0 } })
  const tried: string[] = []
  const machine = aMachine({ runOnCard: async (uuid) => void tried.push(uuid) })
  expect(await check(CUDA, withCards([card]), { machine })).toEqual({
    name: 'device',
    status: 'ok',
    found:
      'NVIDIA H200, compute capability 9.0; driver 580.126.09; 23.6 GB of 24.1 GB free; ' +
      'CUDA provider of ONNX Runtime 1.30.0; ' +
      'attention by cuDNN (ORT_ENABLE_CUDNN_FLASH_ATTENTION=0 takes flash attention instead)',
    fix: null,
  })
  expect(tried).toEqual([card.uuid])
})

test('the check of a GPU is a warning when other programs use its memory', async () => {
  const card = aCard({ freeBytes: 4096 * 2 ** 20 })
  expect(await check(CUDA, withCards([card]))).toMatchObject({
    status: 'warn',
    found: expect.stringContaining('4.29 GB of 24.1 GB free'),
    fix: 'nvidia-smi lists the programs that hold the rest; stop them',
  })
})

test('the check of a GPU fails when a graph of one node does not run on it', async () => {
  const machine = aMachine({
    runOnCard: () => Promise.reject(new Error('probe: the card is lost (CUDA failure 46: busy)')),
  })
  expect(await check(AUTO, withCards([aCard()]), { machine })).toMatchObject({
    status: 'fail',
    found: expect.stringMatching(
      /^NVIDIA A10G, .*; a graph of one node does not run on it: probe: the card is lost/,
    ),
    fix: 'nvidia-smi shows the card and what runs on it; restart the machine, or replace it',
  })
})

test.each<[string, DeviceProbes, string, string]>([
  [
    'without a driver',
    { ...withCards([]), readCards: () => Promise.reject(new Error('spawn nvidia-smi ENOENT')) },
    'SVD_DEVICE: got cuda, but no NVIDIA driver answers (spawn nvidia-smi ENOENT); install one, or use cpu',
    NO_DRIVER,
  ],
  [
    'without a GPU',
    withCards([]),
    'SVD_DEVICE: got cuda, but there is no such card: there is none',
    NO_DRIVER,
  ],
  [
    'with an old driver',
    withCards([aCard({ driverVersion: '535.104.05' })]),
    'SVD_DEVICE: got cuda, but its driver is 535.104.05; CUDA 13 needs 580 or newer, so update the driver',
    NO_DRIVER,
  ],
  [
    'without cuDNN',
    withCards([aCard()], {
      readCudaFaults: async () => ['libcudnn.so.9: the dynamic loader does not find it'],
      readCudaFixes: async () => ['apt-get install libcudnn9-cuda-13', 'or from PyPI'],
    }),
    'SVD_DEVICE: got cuda, but CUDA cannot be loaded:\n  libcudnn.so.9: the dynamic loader does not find it\n' +
      '  see: svd cuda check',
    'apt-get install libcudnn9-cuda-13; or from PyPI',
  ],
])('the check of a requested GPU fails on a machine %s', async (_, probes, found, fix) => {
  expect(await check(CUDA, probes)).toEqual({ name: 'device', status: 'fail', found, fix })
})

test('device auto is a warning when a GPU cannot be used, and ok on a machine without a GPU', async () => {
  const missing = withCards([aCard()], {
    readCudaFaults: async () => ['the CUDA provider is not installed'],
    readCudaFixes: async () => ['run: svd cuda install'],
  })
  expect(await check(AUTO, missing)).toMatchObject({
    status: 'warn',
    found: 'the processor; NVIDIA A10G is not used: the CUDA provider is not installed; see: svd cuda check',
    fix: 'run: svd cuda install',
  })
  expect(await check(AUTO, withCards([]))).toMatchObject({ status: 'ok' })
  expect(await check({ kind: 'cpu' }, withCards([aCard()]))).toMatchObject({
    status: 'ok',
    found: 'the processor, as asked for',
  })
})
