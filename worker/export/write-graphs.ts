import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { fillNewFolder } from '../../shared/files/new-folder.ts'
import type { Checkpoint } from '../checkpoint/open-checkpoint.ts'
import type { ClipShape } from '../compiler/clip-shape.ts'
import { compileClip } from '../compiler/compile.ts'
import { encodeModel, type LocateWeight } from '../compiler/graph/encode-onnx.ts'
import { readVersions } from '../engine/versions.ts'
import { guideAsJson, guideAsText } from './export-guide.ts'
import { type ExportedGraph, exportedGraphs } from './exported-graphs.ts'
import { placeWeights, type WeightNames, weightNamesOf } from './weight-copies.ts'

const locateIn =
  (names: WeightNames): LocateWeight =>
  ({ key, stored, offsetBytes }) => {
    const location = stored === null ? undefined : names.get(stored.file)
    if (stored === null || location === undefined) throw new InvalidInputError(key, 'has no weights')
    return { location, offsetBytes: stored.offsetBytes + offsetBytes }
  }

export interface WriteGraphsOptions {
  /** A new folder. */
  readonly output: string
  /** The name that errors have for `output`. */
  readonly field: string
  readonly placement: 'copy' | 'link'
  readonly signal: AbortSignal
}

export interface WrittenGraph extends ExportedGraph {
  readonly sizeBytes: number
}

/**
 * Writes the graphs of a clip as ONNX files, with their weights beside them and a guide to their inputs and outputs.
 * Throws InvalidInputError, and the signal's reason when that aborts; nothing is left then.
 */
export const writeGraphs = async (
  checkpoint: Checkpoint,
  shape: ClipShape,
  { output, field, placement, signal }: WriteGraphsOptions,
): Promise<readonly WrittenGraph[]> => {
  const graphs = compileClip(checkpoint, { ...shape, feedForwardChunks: 1 })
  graphs.checkWeights()
  const names = weightNamesOf(checkpoint)
  const exported = exportedGraphs(graphs, shape)
  const guide = guideAsJson(exported, shape, await readVersions())
  const written: WrittenGraph[] = []
  await fillNewFolder(field, output, async (folder) => {
    await placeWeights(names, folder, { placement, signal })
    for (const each of exported) {
      signal.throwIfAborted()
      const bytes = encodeModel(each.graph, locateIn(names))
      await writeFile(path.join(folder, each.file), bytes)
      written.push({ ...each, sizeBytes: bytes.length })
    }
    await writeFile(path.join(folder, 'graphs.json'), `${JSON.stringify(guide, null, 2)}\n`)
    await writeFile(path.join(folder, 'README.md'), guideAsText(guide))
  })
  return written
}
