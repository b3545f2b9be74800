import { expect, test } from 'vitest'
import { decodeParameters } from '../../../shared/contracts/parameters-document.ts'
import { fallbackDecodeParameters } from '../../../worker/jobs/fallback-decode.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'

const parametersOf = (document: Parameters<typeof aJobMessage>[0]) =>
  decodeParameters(aJobMessage(document).parameters)

test('the fallback decode uses chunks of four frames that share two, and keeps all other parameters', () => {
  const parameters = parametersOf({ parameters: { num_frames: 14, seed: 7 } })

  expect(fallbackDecodeParameters(parameters)).toEqual({
    ...parameters,
    decodeChunkSize: 4,
    decodeOverlap: 2,
  })
})

test.each([
  [1, 1, 0],
  [2, 2, 1],
  [3, 3, 2],
])('the fallback decode of %d frames has chunks of %d that share %d', (frames, chunk, overlap) => {
  const parameters = parametersOf({ parameters: { num_frames: frames } })

  expect(fallbackDecodeParameters(parameters)).toMatchObject({
    decodeChunkSize: chunk,
    decodeOverlap: overlap,
  })
})
