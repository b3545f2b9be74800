import { describe, expect, test } from 'vitest'
import { renderContactSheet } from '../../../../worker/client/contact-sheet/render-contact-sheet.ts'
import type { SheetJob } from '../../../../worker/client/contact-sheet/sheet-job.ts'
import { aRejectedReport } from '../tracking/a-report.ts'
import { aSheetJob } from './a-sheet-job.ts'
import { openSheet } from './page/open-sheet.ts'
import { aFailedJob } from './page/some-jobs.ts'

/** Text of each problem, in the order of the page; `null` if the page has no such part. */
const problemsOf = async (jobs: readonly SheetJob[], uploads = { reports: [], more: false } as object) => {
  const { document } = await openSheet(jobs, { uploads: { reports: [], more: false, ...uploads } })
  const part = document.querySelector('.problems')
  if (part === null) return null
  const textOf = (element: { textContent: string } | null) =>
    element?.textContent.replaceAll(/\s+/g, ' ').trim()
  return {
    counts: textOf(part.querySelector('summary small')),
    items: [...part.querySelectorAll('details > ul > li')].map((item) => [...item.children].map(textOf)),
  }
}

test('a page without problems has no list of problems', async () => {
  expect(await problemsOf([aSheetJob()])).toBeNull()
})

test('a failed job is listed with its reason and its fix', async () => {
  const job = aFailedJob('sky')
  expect(await problemsOf([aSheetJob(), job])).toEqual({
    counts: '1 failed job',
    items: [
      [
        'sky.png',
        'Job failed (exhausted), 2026-11-24 12:00',
        'the worker vanished',
        `Remove the cause, and bring the job back: npx svd redrive --job ${job.status.jobId}`,
      ],
    ],
  })
})

test.each([
  ['quality', /--seed 7\. If a worker may be at fault, .* npx svd redrive --job/],
  ['does-not-fit', /npx svd rerun [0-9a-f]{32} --num-frames 8\. Or start a worker with more memory/],
  ['invalid-input', /^The same request would fail again: change the image or the parameters/],
] as const)('a job that failed as %s is listed with its own fix', async (failure, advice) => {
  const { status } = aFailedJob('sky')
  const result = { ...status.result!, failure: { ...status.result!.failure!, class: failure } }
  const found = await problemsOf([{ ...aFailedJob('sky'), status: { ...status, result } }])
  expect(found?.items[0]?.[3]).toMatch(advice)
})

test('a rejected upload is listed with all of its faults and its fix', async () => {
  const fault = {
    item: 3,
    line: null,
    item_id: null,
    field: 'parameters.fps',
    message: 'got 0; must be more',
  }
  const reports = [
    aRejectedReport('images/cup.txt'),
    aRejectedReport('manifests/m.jsonl', {
      state: 'partly',
      faults: [fault, { ...fault, line: 7, field: 'image' }],
      more_faults: 4,
    }),
  ]
  expect(await problemsOf([aSheetJob()], { reports, more: true })).toEqual({
    counts: '1 rejected upload, 1 upload rejected in part, and older ones',
    items: [
      [
        'images/cup.txt',
        'Upload rejected, 2026-11-24 12:00',
        'image is no image; upload a PNG',
        'Correct this and upload it again.',
      ],
      [
        'manifests/m.jsonl',
        'Upload rejected in part, 2026-11-24 12:00',
        'item 3, parameters.fps got 0; must be more line 7, image got 0; must be more and 4 more',
        'Correct these items and upload the file again. Items that were accepted are not rendered twice.',
      ],
    ],
  })
})

test('an upload with many faults lists twenty of them and counts the others', async () => {
  const fault = { item: 1, line: null, item_id: null, field: 'image', message: 'is gone' }
  const report = aRejectedReport('manifests/m.json', { faults: Array(30).fill(fault), more_faults: 5 })
  const found = await problemsOf([], { reports: [report] })
  expect(found?.items[0]?.[2]?.match(/is gone/g)).toHaveLength(20)
  expect(found?.items[0]?.[2]).toContain('and 15 more')
})

describe('hostile names and reasons', () => {
  test('are shown as text', async () => {
    const attack = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`
    const fault = { item: null, line: null, item_id: null, field: attack, message: attack }
    const page = await renderContactSheet([aFailedJob(attack)], {
      ...{ title: attack, subtitle: attack, madeAt: '2026-11-24T13:00:00.000Z', outputBucket: attack },
      uploads: { reports: [aRejectedReport(`images/${attack}`, { faults: [fault] })], more: false },
    })
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).not.toContain('<img')
    expect(page).not.toContain("onerror='")
  })
})
