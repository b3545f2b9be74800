import { basename, join } from 'node:path'
import { z } from 'zod'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { type Fault, shown, throwFaults } from './faults.ts'
import { CONFIG_LIMITS, type JsonFileLimits, readJsonFile } from './json-file.ts'
import { readSafetensorsHeader } from './safetensors.ts'
import type { StoredTensor } from './stored-tensors.ts'

/** One line a tensor: 20 MB are some 200,000 tensors, and SVD's UNet has 1,428. */
const INDEX_LIMITS: JsonFileLimits = {
  ...CONFIG_LIMITS,
  maxBytes: 20_000_000,
  maxDepth: 8,
  maxItems: 400_000,
}

/** A shard is a plain file beside its index: no folders, no way out of the checkpoint. */
const isPlainName = (name: string): boolean =>
  name === basename(name) && !/[/\\\0]/.test(name) && name.endsWith('.safetensors')

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })

const parseIndex = (file: string, json: unknown): ReadonlyMap<string, string> => {
  const index = indexSchema.safeParse(json)
  if (!index.success) {
    throw new InvalidInputError(
      file,
      'is not a shard index: weight_map must be an object from tensor names to file names',
    )
  }
  return new Map(Object.entries(index.data.weight_map))
}

/** Tensors are where the index says, and nowhere else. */
const placementFaults = (
  weightMap: ReadonlyMap<string, string>,
  shards: ReadonlyMap<string, ReadonlyMap<string, StoredTensor>>,
): Fault[] => {
  const absent = [...weightMap].filter(([key, shard]) => !shards.get(shard)?.has(key))
  const unlisted = [...shards].flatMap(([shard, tensors]) =>
    [...tensors.keys()].filter((key) => weightMap.get(key) !== shard).map((key) => ({ key, shard })),
  )
  return [
    ...absent.map(([key, shard]) => ({
      field: shown(key),
      message: `is not in ${shard}, where the index lists it; download both again`,
    })),
    ...unlisted.map(({ key, shard }) => ({
      field: shown(key),
      message: `is in ${shard}, where the index does not list it; download both again`,
    })),
  ]
}

export interface ShardedTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** Names of files beside the index. */
  readonly shards: readonly string[]
}

/** Reads the tensors of a sharded component. `name` is the index file in `dir`; messages call it `component/name`. */
export const readShardedHeaders = async (
  component: string,
  dir: string,
  name: string,
): Promise<ShardedTensors> => {
  const file = `${component}/${name}`
  const weightMap = parseIndex(file, await readJsonFile(file, join(dir, name), INDEX_LIMITS))
  const shardNames = [...new Set(weightMap.values())].sort()
  throwFaults(
    file,
    shardNames
      .filter((shard) => !isPlainName(shard))
      .map((shard) => ({
        field: 'weight_map',
        message: `names the shard ${shown(shard)}; a shard is a .safetensors file in the folder of its index`,
      })),
  )
  const shards = new Map<string, ReadonlyMap<string, StoredTensor>>()
  for (const shard of shardNames) shards.set(shard, await readSafetensorsHeader(join(dir, shard)))
  throwFaults(file, placementFaults(weightMap, shards))
  return { tensors: new Map([...shards.values()].flatMap((tensors) => [...tensors])), shards: shardNames }
}
