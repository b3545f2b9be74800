import { expect, test } from 'vitest'
import { filesOfResult } from '../../../../worker/client/download/result-files.ts'
import { aResult } from '../../../fixtures/job-records.ts'

const [first] = aResult().outputs
const output = first ?? expect.fail('no output')
const file = (name: string) => ({ key: `jobs/a/${name}`, size_bytes: 3, sha256: 'e'.repeat(64) })

const endings = (result: Parameters<typeof filesOfResult>[0], posters = false) =>
  filesOfResult(result, { posters }).map(({ video, ending, stored }) => [video, ending, stored.key])

test('a clip is downloaded only in the formats that its job requested', () => {
  const files = [
    { format: 'gif' as const, ...file('video.gif') },
    { format: 'png' as const, ...file('video.zip') },
  ]
  const result = { state: 'succeeded' as const, outputs: [{ ...output, files }] }
  expect(endings(result)).toEqual([
    [0, '.gif', 'jobs/a/video.gif'],
    [0, '.zip', 'jobs/a/video.zip'],
  ])
  expect(endings(result, true)[2]).toEqual([0, '.poster.png', output.poster.key])
  expect(filesOfResult(result, { posters: false })[0]?.stored).toEqual(file('video.gif'))
})

test('a result from before formats existed has an MP4', () => {
  const { files: _, ...older } = output
  expect(endings({ state: 'succeeded', outputs: [older] })).toEqual([[0, '.mp4', output.video.key]])
})

test('a failed job has no files', () => {
  expect(endings({ state: 'failed', outputs: [output] })).toEqual([])
})
