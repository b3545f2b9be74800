import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { readKeptList } from '../../../../../worker/client/download/kept-list.ts'
import { temporaryDir } from '../../../../fixtures/temporary-dir.ts'
import { openSheet } from './open-sheet.ts'
import { aFailedJob, aJobOfTwoClips, clipIds, someJobs } from './some-jobs.ts'

type Sheet = Awaited<ReturnType<typeof openSheet>>

const KEY = 'svd-marks:/day/sheet.html'

const press = (sheet: Sheet, clip: string, mark: 'kept' | 'rejected') =>
  sheet.find(`[data-clip="${clip}"] [name=${mark}]`).click()

const pressed = (sheet: Sheet, clip: string) =>
  ['kept', 'rejected'].filter(
    (mark) => sheet.find(`[data-clip="${clip}"] [name=${mark}]`).getAttribute('aria-pressed') === 'true',
  )

const counts = (sheet: Sheet) => sheet.find('.choice .counts').textContent

describe('a mark', () => {
  test('is kept or rejected, and a second press of its button removes it', async () => {
    const jobs = someJobs()
    const [clip = ''] = clipIds(jobs)
    const sheet = await openSheet(jobs)
    press(sheet, clip, 'kept')
    expect(pressed(sheet, clip)).toEqual(['kept'])
    press(sheet, clip, 'rejected')
    expect(pressed(sheet, clip)).toEqual(['rejected'])
    expect(counts(sheet)).toBe('0 kept, 1 rejected, 3 left')
    press(sheet, clip, 'rejected')
    expect(pressed(sheet, clip)).toEqual([])
    expect(counts(sheet)).toBe('0 kept, 0 rejected, 4 left')
  })

  test('belongs to a clip, not to its job', async () => {
    const job = aJobOfTwoClips()
    const [one = '', two = ''] = clipIds([job])
    const sheet = await openSheet([job])
    press(sheet, two, 'kept')
    expect([pressed(sheet, one), pressed(sheet, two)]).toEqual([[], ['kept']])
    expect(two).toBe(`${job.status.jobId}/1`)
  })

  test('is restored when the same page is opened again, and not on another page', async () => {
    const jobs = someJobs()
    const [clip = ''] = clipIds(jobs)
    const first = await openSheet(jobs)
    press(first, clip, 'kept')
    const stored = { [KEY]: first.window.localStorage.getItem(KEY) ?? '' }
    expect(pressed(await openSheet(jobs, { stored }), clip)).toEqual(['kept'])
    expect(pressed(await openSheet(jobs, { stored, url: 'file:///day/other.html' }), clip)).toEqual([])
  })

  test('from another tab appears at once', async () => {
    const jobs = someJobs()
    const [clip = ''] = clipIds(jobs)
    const sheet = await openSheet(jobs)
    sheet.window.localStorage.setItem(KEY, JSON.stringify({ [clip]: 'rejected' }))
    sheet.window.dispatchEvent(Object.assign(new sheet.window.Event('storage'), { key: KEY }))
    expect(pressed(sheet, clip)).toEqual(['rejected'])
  })

  test.each(['{', '[1]', 'null', '{"a/0":"maybe"}'])(
    'is stored although the browser storage holds %s',
    async (text) => {
      const jobs = someJobs()
      const [clip = ''] = clipIds(jobs)
      const sheet = await openSheet(jobs, { stored: { [KEY]: text } })
      press(sheet, clip, 'kept')
      expect(JSON.parse(sheet.window.localStorage.getItem(KEY) ?? '')).toEqual({ [clip]: 'kept' })
    },
  )

  test('lasts while the page is open when the browser stores nothing, which the page reports', async () => {
    const jobs = someJobs()
    const [clip = ''] = clipIds(jobs)
    const sheet = await openSheet(jobs, { forgets: true })
    press(sheet, clip, 'kept')
    expect(pressed(sheet, clip)).toEqual(['kept'])
    expect(counts(sheet)).toBe(
      '1 kept, 0 rejected, 3 left. This browser does not remember marks: save the list.',
    )
  })
})

describe('the list of kept clips', () => {
  test('can be read by svd download --kept', async () => {
    const jobs = [...someJobs(), aJobOfTwoClips()]
    const ids = clipIds(jobs)
    const sheet = await openSheet(jobs)
    for (const [index, clip] of ids.entries()) press(sheet, clip, index === 1 ? 'rejected' : 'kept')
    sheet.find('[name=save]').click()
    const file = path.join(await temporaryDir(), 'kept.json')
    await writeFile(file, (await sheet.saved[0]?.blob.text()) ?? '')
    const { clips } = await readKeptList('--kept', file)
    const read = clips.map(({ jobId, video }) => `${jobId}/${video}`)
    expect(read.toSorted()).toEqual(ids.filter((_, index) => index !== 1).toSorted())
  })

  test('has kept and rejected clips in the order of the page, not in the order of the marks', async () => {
    const jobs = someJobs()
    const [a = '', b = '', c = ''] = clipIds(jobs)
    const sheet = await openSheet(jobs, { url: 'file:///day/my%20%3Cb%3Esheet.html' })
    press(sheet, c, 'kept')
    press(sheet, b, 'rejected')
    press(sheet, a, 'kept')
    sheet.choose('[name=order]', 'motion')
    sheet.find('[name=save]').click()
    const [file] = sheet.saved
    expect(file?.name).toBe('my-b-sheet-kept.json')
    expect(JSON.parse((await file?.blob.text()) ?? '')).toEqual({ version: 1, kept: [a, c], rejected: [b] })
  })

  test('omits clips that are no longer on the page, whose marks the browser keeps', async () => {
    const jobs = someJobs()
    const [a = '', b = ''] = clipIds(jobs)
    const stored = { [KEY]: JSON.stringify({ 'gone/0': 'kept', [a]: 'kept' }) }
    const sheet = await openSheet(jobs, { stored })
    press(sheet, b, 'kept')
    sheet.find('[name=save]').click()
    expect(JSON.parse((await sheet.saved[0]?.blob.text()) ?? '').kept).toEqual([a, b])
    expect(JSON.parse(sheet.window.localStorage.getItem(KEY) ?? '')['gone/0']).toBe('kept')
  })

  test('comes with the command that downloads its clips', async () => {
    const jobs = someJobs()
    const sheet = await openSheet(jobs, { outputBucket: 'my-output' })
    press(sheet, clipIds(jobs)[0] ?? '', 'kept')
    sheet.find('[name=copy]').click()
    await sheet.window.happyDOM.waitUntilComplete()
    const command = 'npx svd download --kept sheet-kept.json --to kept --output-bucket my-output'
    expect(sheet.copied).toEqual([command])
    expect(sheet.find('.command code').textContent).toBe(command)
    expect(sheet.find('.choice output').textContent).toBe('Copied.')
  })

  test('has its command selected when the browser refuses the clipboard', async () => {
    const jobs = someJobs()
    const sheet = await openSheet(jobs, { outputBucket: 'my-output', keepsClipboard: true })
    press(sheet, clipIds(jobs)[0] ?? '', 'kept')
    sheet.find('[name=copy]').click()
    await sheet.window.happyDOM.waitUntilComplete()
    expect(String(sheet.window.getSelection())).toContain('npx svd download')
    expect(sheet.find('.choice output').textContent).toBe('The command below is selected: copy it.')
  })

  test('has no command when the page has no output bucket', async () => {
    const sheet = await openSheet(someJobs(), { outputBucket: null })
    expect(sheet.document.querySelectorAll('.command, [name=copy]')).toHaveLength(0)
  })

  test('needs a mark before it is saved, and a kept clip before its command is copied', async () => {
    const jobs = someJobs()
    const [clip = ''] = clipIds(jobs)
    const sheet = await openSheet(jobs, { outputBucket: 'my-output' })
    const disabled = () =>
      ['save', 'copy', 'clear'].filter((name) => sheet.find(`[name=${name}]`).hasAttribute('disabled'))
    expect(disabled()).toEqual(['save', 'copy', 'clear'])
    press(sheet, clip, 'rejected')
    expect(disabled()).toEqual(['copy'])
    press(sheet, clip, 'kept')
    expect(disabled()).toEqual([])
  })
})

test('Clear removes all marks', async () => {
  const jobs = someJobs()
  const sheet = await openSheet(jobs)
  for (const clip of clipIds(jobs)) press(sheet, clip, 'kept')
  expect(counts(sheet)).toBe('4 kept, 0 rejected, 0 left')
  sheet.find('[name=clear]').click()
  expect(counts(sheet)).toBe('0 kept, 0 rejected, 4 left')
  expect(sheet.window.localStorage.getItem(KEY)).toBe('{}')
})

test('a page without clips has no buttons for marks', async () => {
  const sheet = await openSheet([aFailedJob('sky')])
  expect(sheet.shown('.choice, .marks')).toEqual([])
})
