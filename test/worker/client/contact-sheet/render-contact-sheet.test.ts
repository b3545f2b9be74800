import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { renderContactSheet } from '../../../../worker/client/contact-sheet/render-contact-sheet.ts'
import type { RejectedSheetClip, SheetJob } from '../../../../worker/client/contact-sheet/sheet-job.ts'
import { statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { jobIdLike, someParameters } from '../../../fixtures/a-job-message.ts'
import { aFailure, anOutput, someQuality } from '../../../fixtures/job-records.ts'
import { aSheetJob } from './a-sheet-job.ts'

const heading = { title: 'Clips', subtitle: 's3://out', madeAt: '2026-11-24T13:00:00.000Z' }

const render = (jobs: readonly SheetJob[], options: object = {}) =>
  renderContactSheet(jobs, { ...heading, ...options })

/** The text of elements, without markup. */
const textOf = (page: string): string =>
  page
    .replaceAll(/<(style|script)>.*?<\/\1>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')

const failed = (overrides: Parameters<typeof aFailure>[0] = {}): SheetJob => ({
  status: statusOfResultRecord(aFailure({ class: 'quality', reason: 'nothing moves', ...overrides })),
  clips: [],
  rejected: [],
  thumbnail: null,
})

describe('the card of a clip', () => {
  test('shows the image, the parameters, the times, the cost and the quality', async () => {
    const text = textOf(await render([aSheetJob({ cost_usd: 0.0123, attempt: 2 })]))
    for (const said of [
      'cup.png',
      '14.5 s',
      '2 attempts',
      '$0.012',
      '192×128',
      '14 frames',
      '7 fps',
      'motion 127',
    ]) {
      expect(text).toContain(said)
    }
    for (const said of ['denoise 9.1 s', 'decode 4.2 s', 'likeness 29.7 dB', 'motion 1.2–4.1']) {
      expect(text).toContain(said)
    }
  })

  test('marks the parameters that differ from the defaults', async () => {
    const job = aSheetJob({ parameters: { motion_bucket_id: 60, noise_aug_strength: 0.1 } })
    const page = await render([job], { usual: { ...someParameters } })
    const differing = [...page.matchAll(/<li class="differs">([^<]*)</g)].map(([, text]) => text)
    expect(differing).toEqual(['motion 60', 'noise aug strength 0.1'])
    expect(textOf(page)).toContain('motion_bucket_id 60 usually 127')
  })

  test('marks the parameters that differ from most jobs when the defaults are unknown', async () => {
    const jobs = [60, 127, 127].map((motion_bucket_id, index) =>
      aSheetJob({ sourceKey: `images/${index}.png`, parameters: { motion_bucket_id } }),
    )
    expect(await render(jobs)).toContain('<li class="differs">motion 60</li>')
    expect(await render(jobs)).not.toContain('<li class="differs">motion 127</li>')
  })

  test('marks the parameters of its sweep, also those with default values', async () => {
    const jobs = [40, 127].map((motion_bucket_id) => aSheetJob({ parameters: { motion_bucket_id } }))
    const page = await render(jobs, { usual: { ...someParameters } })
    const differing = [...page.matchAll(/<li class="differs">([^<]*)</g)].map(([, text]) => text)
    expect(differing).toEqual(['motion 40', 'motion 127'])
  })

  test('shows every fault that the checks found', async () => {
    const job = aSheetJob()
    const clips = job.clips.map((clip) => ({
      ...clip,
      quality: { ...someQuality, faults: ['dark', 'frozen'] },
    }))
    expect(textOf(await render([{ ...job, clips }]))).toContain('dark; frozen')
  })
})

test('the details name the files of a clip in other formats, and the page plays the MP4', async () => {
  const jobId = jobIdLike('aa')
  const output = anOutput(jobId)
  const gif = { format: 'gif' as const, ...output.video, key: output.video.key.replace('.mp4', '.gif') }
  const page = await render([
    aSheetJob({ jobId, outputs: [{ ...output, files: [{ format: 'mp4', ...output.video }, gif] }] }),
  ])
  expect(textOf(page)).toContain(`video ${output.video.key} gif ${gif.key} submitted`)
  expect(page.match(/<video/g)).toHaveLength(1)
})

test('the warnings of a clip are on its card, in the summary, and in the searched text', async () => {
  const job = aSheetJob()
  const clips = job.clips.map((clip) => ({ ...clip, quality: { ...someQuality, warnings: ['seams: high'] } }))
  const page = await render([{ ...job, clips }, aSheetJob({ sourceKey: 'images/fine.png' })])
  expect(page).toContain('<p class="warnings"><b>Warning</b> seams: high</p>')
  expect(page.match(/class="warnings"/g)).toHaveLength(1)
  expect(textOf(page)).toContain('2 clips 1 with warnings')
  expect([...page.matchAll(/data-words="[^"]* warning"/g)]).toHaveLength(1)
  expect(page).not.toContain('class="reason"')
})

test('the card of a failed job shows its class, its reason and the faults that the checks found', async () => {
  const text = textOf(await render([failed({ quality: [{ ...someQuality, faults: ['frozen'] }] })]))
  for (const said of ['failed', 'No clip', 'quality nothing moves', 'frozen', '3 attempts'])
    expect(text).toContain(said)
})

describe('the card of a job with rejected clips', () => {
  const rejectedBy = (workerId: string, faults: readonly string[]): RejectedSheetClip => ({
    ...{ video: 'data:video/mp4;base64,BBBB', poster: null, frames: 14, index: 0, workerId },
    ...{ key: `jobs/a/rejected/of-${workerId}/video.mp4`, attemptId: `of-${workerId}` },
    quality: { ...someQuality, faults: [...faults] },
  })
  const job = {
    ...failed({ quality: [] }),
    rejected: [rejectedBy('worker-1', ['black: frame 0']), rejectedBy('worker-2', ['black: frame 3'])],
  }

  test('plays each rejected clip and shows its worker and its faults', async () => {
    const page = await render([job])
    const text = textOf(page)
    expect(page.match(/<b class="badge">Failed its checks<\/b>\s*<video/g)).toHaveLength(2)
    expect(page).toContain('aria-label="Clip of cup.png, failed its checks"')
    expect(text).toMatch(
      /Failed its checks, made by worker-1 likeness .* black: frame 0 Failed its checks, made by worker-2 /,
    )
    expect(text).toMatch(/Failed its checks, made by worker-2 likeness .* black: frame 3 /)
    expect(text).toContain('rejected video jobs/a/rejected/of-worker-2/video.mp4, of attempt of-worker-2')
    expect(text).not.toContain('No clip')
    expect([...page.matchAll(/data-words="[^"]* rejected"/g)]).toHaveLength(1)
  })

  test('reports that a video passed when another video of its clip failed', async () => {
    const text = textOf(await render([{ ...job, rejected: [rejectedBy('worker-1', [])] }]))
    expect(text).toContain('made by worker-1: passed, but another video of the clip did not likeness')
  })

  test('counts as a failed job without clips', async () => {
    expect(textOf(await render([job]))).toMatch(/ 0 clips 1 failed /)
  })
})

test('a sweep has a heading, and each of its clips has the swept value as label', async () => {
  const jobs = [40, 220].map((motion_bucket_id) => aSheetJob({ parameters: { motion_bucket_id } }))
  const page = await render(jobs)
  expect(textOf(page)).toContain('cup.png 2 clips, by motion_bucket_id')
  expect([...page.matchAll(/<h3[^>]*>([^<]*)/g)].map(([, label]) => label)).toEqual([
    'motion_bucket_id 40',
    'motion_bucket_id 220',
  ])
})

test('the summary shows counts, time, pace and cost', async () => {
  const text = textOf(await render([aSheetJob({ cost_usd: 0.25 }), failed()]))
  expect(text).toContain('1 clip 1 failed submit to end 20.0 s clips/hour 240 device time 27.4 s cost $0.25')
})

test('the page offers the listed order only when the jobs are not listed newest first', async () => {
  const [older, newer] = ['2026-11-24T12:00:20.000Z', '2026-11-24T12:00:40.000Z'].map((finished_at, index) =>
    aSheetJob({ sourceKey: `images/${index}.png`, finished_at }),
  ) as [SheetJob, SheetJob]
  const ordersOf = (page: string): readonly string[] => {
    const [, options = ''] = /<select name="order"[^>]*>(.*?)<\/select>/s.exec(page) ?? []
    return [...options.matchAll(/value="(\w+)"/g)].map(([, value]) => value!)
  }
  const byFigures = ['motion', 'calm', 'likeness', 'alike', 'warnings', 'seconds', 'cost']
  const usual = ['newest', 'name', ...byFigures, 'state']
  expect(ordersOf(await render([newer, older]))).toEqual(usual)
  expect(ordersOf(await render([older, newer]))).toEqual(['listed', ...usual])
})

test('all times on the page are in UTC, which the page states once', async () => {
  const text = textOf(await render([aSheetJob({ finished_at: '2026-11-24T12:00:20.000Z' }), failed()]))
  expect(text).toContain('written 2026-11-24 13:00 · all times are UTC')
  expect(text).toContain('finished 2026-11-24 12:00')
  expect(text.match(/UTC/g)).toHaveLength(1)
})

test('a page without jobs reports that there are none', async () => {
  expect(textOf(await render([]))).toContain('There are no jobs.')
})

describe('hostile input', () => {
  const attack = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`

  test('is shown as text', async () => {
    const job = failed({ reason: attack })
    const page = await render(
      [
        {
          ...job,
          status: { ...job.status, image: { ...job.status.image, source_key: `images/${attack}` } },
        },
      ],
      {
        title: attack,
        subtitle: attack,
      },
    )
    expect(page.match(/<script/g)).toHaveLength(1)
    expect(page).not.toContain('<img')
    expect(page).not.toContain("onerror='")
    expect(page).toContain('&quot;&gt;&lt;script&gt;alert(1)')
  })

  test('cannot run, because the page allows only its own script and style', async () => {
    const page = await render([aSheetJob()])
    const hashOf = (element: string): string => {
      const [, text = ''] = new RegExp(`<${element}>(.*?)</${element}>`, 's').exec(page) ?? []
      return `&#39;sha256-${createHash('sha256').update(text).digest('base64')}&#39;`
    }
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page) ?? []
    expect(policy).toContain('default-src &#39;none&#39;')
    expect(policy).toContain(`script-src ${hashOf('script')};`)
    expect(policy).toContain(`style-src ${hashOf('style')};`)
    expect(page).not.toMatch(/<[^>]* (style|on\w+)=/)
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//)
  })
})
