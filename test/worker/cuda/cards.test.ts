import { describe, expect, test } from 'vitest'
import { readCards, readFreeBytes, readUsableBytes } from '../../../worker/cuda/cards.ts'
import { aCard } from './a-card.ts'

const [FIRST, SECOND] = ['GPU-aaaa1111', 'GPU-bbbb2222']
const PRINTED = [
  `${FIRST}, NVIDIA A10G, 8.6, 23028, 22500, 580.126.09`,
  `${SECOND}, NVIDIA H100 80GB HBM3, 9.0, 81559, 80994, 580.126.09`,
  '',
].join('\n')

const uuidsWith = async (visible: string | undefined): Promise<readonly string[]> =>
  (await readCards({ CUDA_VISIBLE_DEVICES: visible }, async () => PRINTED)).map(({ uuid }) => uuid)

describe('the GPUs of a machine', () => {
  test('are read from the output of nvidia-smi, with memory in bytes', async () => {
    const asked: string[][] = []
    const cards = await readCards({}, async (args) => {
      asked.push([...args])
      return PRINTED
    })
    expect(asked).toEqual([
      [
        '--query-gpu=uuid,name,compute_cap,memory.total,memory.free,driver_version',
        '--format=csv,noheader,nounits',
      ],
    ])
    expect(cards).toEqual([
      aCard({ uuid: FIRST! }),
      aCard({
        uuid: SECOND!,
        name: 'NVIDIA H100 80GB HBM3',
        computeCapability: { major: 9, minor: 0 },
        totalBytes: 81_559 * 2 ** 20,
        freeBytes: 80_994 * 2 ** 20,
      }),
    ])
  })

  test.each([
    [undefined, [FIRST, SECOND]],
    ['1', [SECOND]],
    ['1,0', [SECOND, FIRST]],
    ['GPU-bbbb', [SECOND]],
    ['', []],
    ['-1', []],
    ['0,7,1', [FIRST]],
  ])('with CUDA_VISIBLE_DEVICES %s are those that CUDA exposes', async (visible, expected) => {
    expect(await uuidsWith(visible)).toEqual(expected)
  })

  test('cause an error with the output of nvidia-smi if it cannot be parsed', async () => {
    const run = async (): Promise<string> => 'GPU-1, NVIDIA A10G, [N/A], 23028, 22500, 580.126.09'
    await expect(readCards({}, run)).rejects.toThrow("nvidia-smi printed 'GPU-1, NVIDIA A10G, [N/A], ")
  })
})

test('readFreeBytes returns the free memory of one GPU, in bytes', async () => {
  const asked: string[] = []
  const free = await readFreeBytes('GPU-1', async (args) => {
    asked.push(...args)
    return '22500\n'
  })
  expect(free).toBe(22_500 * 2 ** 20)
  expect(asked).toEqual(['--id=GPU-1', '--query-gpu=memory.free', '--format=csv,noheader,nounits'])
})

test('readUsableBytes returns the memory that the driver does not reserve', async () => {
  const asked: string[] = []
  const usable = await readUsableBytes('GPU-1', async (args) => {
    asked.push(...args)
    return '23028, 528\n'
  })
  expect(usable).toBe(22_500 * 2 ** 20)
  expect(asked).toEqual([
    ...['--id=GPU-1', '--query-gpu=memory.total,memory.reserved', '--format=csv,noheader,nounits'],
  ])
  const older = readUsableBytes('GPU-1', async () => '23028, [N/A]\n')
  await expect(older).rejects.toThrow(
    "nvidia-smi printed '23028, [N/A]', which is not memory.total,memory.reserved",
  )
})
