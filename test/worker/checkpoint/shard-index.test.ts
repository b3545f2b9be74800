import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCheckpoint } from '../../../worker/checkpoint/open-checkpoint.ts'
import { aCheckpoint, SINGLE_FILES, someWeights } from '../../fixtures/checkpoint-folder.ts'
import { encodeSafetensors } from '../../fixtures/checkpoint-safetensors.ts'

describe('a sharded checkpoint', () => {
  const INDEX = 'diffusion_pytorch_model.safetensors.index.json'
  const FIRST = 'diffusion_pytorch_model-00001-of-00002.safetensors'
  const SECOND = 'diffusion_pytorch_model-00002-of-00002.safetensors'

  const sharded = (weightMap: Record<string, string>, files: Record<string, Uint8Array | string> = {}) => {
    const { 'unet/diffusion_pytorch_model.safetensors': _single, ...others } = SINGLE_FILES
    return aCheckpoint({
      ...others,
      [`unet/${INDEX}`]: JSON.stringify({ metadata: { total_size: 24 }, weight_map: weightMap }),
      [`unet/${FIRST}`]: someWeights('a'),
      [`unet/${SECOND}`]: encodeSafetensors({
        b: { dtype: 'F32', shape: [3] },
        ids: { dtype: 'I64', shape: [4] },
      }),
      ...files,
    })
  }

  const SOUND = { a: FIRST, b: SECOND, ids: SECOND }

  test('gives the tensors of all its shards', async () => {
    await using folder = await sharded(SOUND)
    const { tensors } = (await openCheckpoint(folder.dir)).unet
    expect([...tensors!.values()].map(({ key, file }) => [key, file])).toEqual([
      ['a', join(folder.dir, 'unet', FIRST)],
      ['b', join(folder.dir, 'unet', SECOND)],
      ['ids', join(folder.dir, 'unet', SECOND)],
    ])
  })

  test.each([
    [
      'a shard that is missing',
      { ...SOUND, c: 'diffusion_pytorch_model-00003-of-00003.safetensors' },
      'diffusion_pytorch_model-00003-of-00003.safetensors: cannot be opened',
    ],
    [
      'a shard in another folder',
      { ...SOUND, c: '../vae/diffusion_pytorch_model.safetensors' },
      'names the shard "../vae/diffusion_pytorch_model.safetensors"',
    ],
    ['a shard at an absolute path', { ...SOUND, c: '/etc/passwd' }, 'names the shard "/etc/passwd"'],
    [
      'a shard that is not a safetensors file',
      { ...SOUND, c: 'config.json' },
      'names the shard "config.json"',
    ],
    [
      'a tensor that its shard lacks',
      { ...SOUND, c: SECOND },
      `"c": is not in ${SECOND}, where the index lists it`,
    ],
    ['a tensor in the other shard', { ...SOUND, a: SECOND }, `"a": is not in ${SECOND}`],
    [
      'a tensor that the index lacks',
      { a: FIRST, b: SECOND },
      `"ids": is in ${SECOND}, where the index does not list it`,
    ],
  ])('is refused for %s', async (_name, weightMap, message) => {
    await using folder = await sharded(weightMap)
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(message)
  })

  test.each([
    ['is not JSON', '{', `unet/${INDEX}: is not JSON`],
    ['has no weight map', '{"metadata": {}}', 'is not a shard index'],
    ['lists a tensor twice', `{"weight_map": {"a": "${FIRST}", "a": "${SECOND}"}}`, 'has the key "a" twice'],
    ['has a weight map of numbers', '{"weight_map": {"a": 1}}', 'is not a shard index'],
  ])('is refused if its index %s', async (_name, index, message) => {
    await using folder = await sharded(SOUND, { [`unet/${INDEX}`]: index })
    await expect(openCheckpoint(folder.dir)).rejects.toThrow(message)
  })

  test('of a variant is found by either name of its index', async () => {
    for (const name of [
      'diffusion_pytorch_model.safetensors.index.fp16.json',
      'diffusion_pytorch_model.safetensors.fp16.index.json',
    ]) {
      await using folder = await sharded(SOUND)
      await rename(join(folder.dir, 'unet', INDEX), join(folder.dir, 'unet', name))
      const { unet } = await openCheckpoint(folder.dir)
      expect([unet.variant, unet.tensors?.size]).toEqual(['fp16', 3])
    }
  })
})
