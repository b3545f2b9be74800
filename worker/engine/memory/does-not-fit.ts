import { DoesNotFitError } from '../../../shared/contracts/does-not-fit.ts'
import { formatBytes } from '../../../shared/size-text.ts'
import type { DoesNotFit, NearestArguments } from './plan-clip-memory.ts'

const spelt = ({ memory, decodeChunk, numFrames, width, height }: NearestArguments): string =>
  Object.entries({
    '--width': width,
    '--height': height,
    '--num-frames': numFrames,
    '--decode-chunk-size': decodeChunk,
    '--memory': memory,
  })
    .flatMap(([option, value]) => (value === undefined ? [] : [`${option} ${value}`]))
    .join(' ')

/** Advice that would help: arguments that fit, or a machine with more memory. */
export const adviceOf = ({ nearest, instanceType }: DoesNotFit): string => {
  const machine = instanceType === null ? 'take a machine with more' : `take an instance of ${instanceType}`
  return nearest === null
    ? `free some memory, or ${machine}`
    : `what would fit: ${spelt(nearest)}; or free some memory, or ${machine}`
}

/**
 * Text with the bytes that are needed and the bytes that are available. If only the use of other processes keeps the
 * clip from fitting, the text states their use too, because the clip is not at fault then.
 */
export const formatShortage = (found: DoesNotFit): string => {
  const { of, graph, needBytes, availableBytes, usedByOthersBytes, totalBytes, fitsTotal } = found
  if (needBytes === Number.POSITIVE_INFINITY) return `${graph} has tensors that CUDA's kernels cannot index`
  const memory = of === 'host' ? " of the host's memory" : ''
  const others = fitsTotal
    ? `, because other processes use ${formatBytes(usedByOthersBytes)} of ${formatBytes(totalBytes)}`
    : ''
  return `${graph} needs ${formatBytes(needBytes)}${memory}, and ${formatBytes(availableBytes)} are there${others}`
}

export const doesNotFit = (found: DoesNotFit): DoesNotFitError =>
  new DoesNotFitError(`memory: ${formatShortage(found)}; ${adviceOf(found)}`, {
    fitsLater: found.fitsTotal,
  })
