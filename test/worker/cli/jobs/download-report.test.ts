import { expect, test } from 'vitest'
import { openFileLines } from '../../../../worker/cli/jobs/download-report.ts'
import type { DownloadedFile } from '../../../../worker/client/download/download-clips.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'

const aFile = (file: string, outcome: DownloadedFile['outcome']): DownloadedFile => ({
  request: {
    ...{ jobId: jobIdLike('aa'), uploadKey: 'images/cup.png', imageKey: 'images/cup.png' },
    ...{ item: null, itemId: null },
  },
  ...{ video: 0, kind: 'video', format: 'mp4', file, outcome, sizeBytes: 5, sha256: '0'.repeat(64) },
})

const written = (isLive: boolean) => {
  const texts: string[] = []
  const lines = openFileLines({ write: (text) => texts.push(text) }, { isLive })
  lines.write(aFile('a.mp4', 'downloaded'))
  lines.write(aFile('b.mp4', 'kept'))
  const before = [...texts]
  lines.end()
  return { before, after: texts.join('') }
}

const BOTH = 'a.mp4\nb.mp4  (there already)\n'

test('the line of a file is written at once when no live table is on the terminal', () => {
  expect(written(false)).toEqual({ before: ['a.mp4\n', 'b.mp4  (there already)\n'], after: BOTH })
})

test('the lines of files are written at the end when a live table is on the terminal', () => {
  expect(written(true)).toEqual({ before: [], after: BOTH })
})
