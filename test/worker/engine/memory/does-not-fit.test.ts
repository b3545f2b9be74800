import { describe, expect, test } from 'vitest'
import { adviceOf, doesNotFit, formatShortage } from '../../../../worker/engine/memory/does-not-fit.ts'
import type { DoesNotFit } from '../../../../worker/engine/memory/plan-clip-memory.ts'

const GB = 1e9

/** A clip that needs 6 GB on a GPU that has 4 GB left, and that fits on no GPU. */
const aShortage = (changes: Partial<DoesNotFit> = {}): DoesNotFit => ({
  ...{ fits: false, of: 'device', graph: 'denoise_step', needBytes: 6 * GB, availableBytes: 4 * GB },
  ...{ usedByOthersBytes: 3 * GB, totalBytes: 7 * GB, fitsTotal: false, nearest: null, instanceType: null },
  ...changes,
})

describe('the text of a shortage', () => {
  test.each<[string, Partial<DoesNotFit>, string]>([
    ['names the needed and the available memory', {}, 'denoise_step needs 6.00 GB, and 4.00 GB are there'],
    [
      "names the host's memory",
      { of: 'host' },
      "denoise_step needs 6.00 GB of the host's memory, and 4.00 GB are there",
    ],
    [
      'names what other processes use, if the clip would fit without them',
      { fitsTotal: true },
      'denoise_step needs 6.00 GB, and 4.00 GB are there, because other processes use 3.00 GB of 7.00 GB',
    ],
    [
      'names no bytes for tensors that no GPU can index',
      { needBytes: Number.POSITIVE_INFINITY },
      "denoise_step has tensors that CUDA's kernels cannot index",
    ],
  ])('%s', (_, changes, text) => {
    expect(formatShortage(aShortage(changes))).toBe(text)
  })
})

describe('the advice for a shortage', () => {
  test.each<[string, Partial<DoesNotFit>, string]>([
    ['is a machine with more memory', {}, 'free some memory, or take a machine with more'],
    [
      'is an instance type, if one is known',
      { instanceType: 'g6e.xlarge' },
      'free some memory, or take an instance of g6e.xlarge',
    ],
    [
      'starts with the arguments that fit, as options',
      { nearest: { memory: 'auto', decodeChunk: 1, numFrames: 12, width: 384, height: 192 } },
      'what would fit: --width 384 --height 192 --num-frames 12 --decode-chunk-size 1 --memory auto; ' +
        'or free some memory, or take a machine with more',
    ],
    [
      'has only those arguments that change',
      { nearest: { decodeChunk: 7 }, instanceType: 'g5.xlarge' },
      'what would fit: --decode-chunk-size 7; or free some memory, or take an instance of g5.xlarge',
    ],
  ])('%s', (_, changes, text) => {
    expect(adviceOf(aShortage(changes))).toBe(text)
  })
})

test('the error has shortage and advice, and fits later if other processes use the memory', () => {
  expect(doesNotFit(aShortage())).toMatchObject({
    message:
      'memory: denoise_step needs 6.00 GB, and 4.00 GB are there; free some memory, or take a machine with more',
    fitsLater: false,
  })
  expect(doesNotFit(aShortage({ fitsTotal: true })).fitsLater).toBe(true)
})
