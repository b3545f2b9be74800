import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { type RunNvidiaSmi, readCards } from '../../../worker/cuda/cards.ts'
import { chooseDevice, type DeviceProbes, parseDeviceRequest } from '../../../worker/cuda/choose-device.ts'
import { aCard } from './a-card.ts'

const probes = (changes: Partial<DeviceProbes> = {}): DeviceProbes => ({
  readCards: async () => [aCard()],
  readCudaFaults: async () => [],
  ...changes,
})

const V100 = aCard({ name: 'Tesla V100', computeCapability: { major: 7, minor: 0 } })

const runMissingProgram: RunNvidiaSmi = async (args) => (await execa('no-nvidia-smi', args)).stdout
const NO_DRIVER = probes({ readCards: () => readCards({}, runMissingProgram) })

const choose = (text: string, found: DeviceProbes) =>
  chooseDevice('--device', parseDeviceRequest('--device', text), found)

describe('a requested device', () => {
  test.each(['gpu', 'cuda:', 'cuda:x', 'cuda:100', 'CPU', ''])('is refused as %j', (text) => {
    expect(() => parseDeviceRequest('SVD_DEVICE', text)).toThrow(
      new InvalidInputError('SVD_DEVICE', `got '${text}'; must be auto, cpu, cuda or cuda:N`),
    )
  })

  test('can be the CPU, for which no GPU is probed', async () => {
    const never = async (): Promise<never> => {
      throw new Error('probed')
    }
    const found = { readCards: never, readCudaFaults: never }
    expect(await choose('cpu', found)).toEqual({ provider: 'cpu', hint: null })
  })

  test('is the first GPU, or the GPU with the given number', async () => {
    const second = aCard({ uuid: 'GPU-2' })
    const two = probes({ readCards: async () => [aCard(), second] })
    expect(await choose('cuda', two)).toEqual({ provider: 'cuda', card: aCard() })
    expect(await choose('cuda:1', two)).toEqual({ provider: 'cuda', card: second })
  })

  test.each([
    ['cuda', NO_DRIVER, /^--device: got cuda, but no NVIDIA driver answers \(spawn no-nvidia-smi ENOENT\); /],
    ['cuda:1', probes(), /^--device: got cuda:1, but there is no such card: cuda:0 is NVIDIA A10G$/],
    ['cuda', probes({ readCards: async () => [] }), /but there is no such card: there is none$/],
    ['cuda', probes({ readCards: async () => [V100] }), /^--device: got cuda, but Tesla V100 has compute/],
    [
      'cuda',
      probes({ readCudaFaults: async () => ['libcudnn.so.9: not found'] }),
      /but CUDA cannot be loaded:\n {2}libcudnn.so.9: not found\n {2}see: svd cuda check$/,
    ],
  ])(
    'that cannot be used causes an error, and the CPU is not used instead: %s, case %#',
    async (text, found, message) => {
      await expect(choose(text, found)).rejects.toThrow(message)
    },
  )
})

describe('auto', () => {
  test('chooses the first GPU if CUDA is complete', async () => {
    expect(await choose('auto', probes())).toEqual({ provider: 'cuda', card: aCard() })
  })

  test('chooses the CPU if there is no GPU', async () => {
    expect(await choose('auto', NO_DRIVER)).toEqual({ provider: 'cpu', hint: null })
    const none = probes({ readCards: async () => [] })
    expect(await choose('auto', none)).toEqual({ provider: 'cpu', hint: null })
  })

  test.each([
    [
      probes({ readCards: async () => [V100] }),
      'Tesla V100 is not used: Tesla V100 has compute capability 7.0',
    ],
    [
      probes({ readCudaFaults: async () => ['the CUDA provider is not installed'] }),
      'NVIDIA A10G is not used: the CUDA provider is not installed; see: svd cuda check',
    ],
  ])('gives the reason if a GPU is not used: $1', async (found, hint) => {
    const chosen = await choose('auto', found)
    expect(chosen).toEqual({ provider: 'cpu', hint: expect.stringContaining(hint) })
  })
})
