import { expect, test } from 'vitest'
import { endGuide, startGuide } from '../../../../worker/cli/local/guide.ts'

const endpoint = { url: 'http://127.0.0.1:4566', environment: { SVD_INPUT_BUCKET: 'svd-input' } }
const model = { id: 'tiny', sha256: 'a'.repeat(64) }

const firstLines = (...counts: readonly [number, number, number]): readonly string[] => {
  const [uploads, waiting, ended] = counts
  const persistentState = {
    folder: 'data',
    earlierWork: { uploads, waiting: Array.from({ length: waiting }, () => model), ended },
  }
  return startGuide(endpoint, persistentState).split('\n').slice(1, 3)
}

test('the start guide counts the uploads and the jobs in the data folder', () => {
  const at = 'S3 and SQS are at http://127.0.0.1:4566. For clients in another terminal:'
  expect(firstLines(1, 3, 12)).toEqual(['In data: 1 upload to ingest, 3 jobs waiting, 12 ended.', at])
  expect(firstLines(0, 0, 0)).toEqual(['data is new.', at])
  expect(startGuide(endpoint, null)).toMatch(/^\nS3 and SQS are at/)
})

test('the end guide prints the command that starts svd local again', () => {
  expect(endGuide({ folder: 'my data' })).toBe(
    'Everything is kept in my data. To go on, start it again with the same options:\n  npx svd local --data-dir "my data" …',
  )
})
