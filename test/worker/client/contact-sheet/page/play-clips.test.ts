import type { HTMLElement, HTMLVideoElement } from 'happy-dom'
import { describe, expect, test } from 'vitest'
import { openSheet } from './open-sheet.ts'
import { someJobs } from './some-jobs.ts'

type Sheet = Awaited<ReturnType<typeof openSheet>>

const screensOf = ({ document }: Sheet) => [...document.querySelectorAll('.screen')] as HTMLElement[]

/** Positions of the videos that play. */
const playing = ({ document }: Sheet) =>
  ([...document.querySelectorAll('video')] as HTMLVideoElement[]).flatMap(({ paused }, index) =>
    paused ? [] : [index],
  )

test('clips are loaded and play only while they are visible', async () => {
  const sheet = await openSheet(someJobs())
  const [first, second] = screensOf(sheet)
  sheet.see(first!, true)
  sheet.see(second!, true)
  expect(playing(sheet)).toEqual([0, 1])
  sheet.see(first!, false)
  expect(playing(sheet)).toEqual([1])
  const sources = [...sheet.document.querySelectorAll('video')].map((video) => video.getAttribute('src'))
  expect(sources).toEqual(['blob:0', 'blob:1', 'data:video/mp4;base64,AAAA', 'data:video/mp4;base64,AAAA'])
})

test('Pause all stops all clips, and Play all plays the visible clips', async () => {
  const sheet = await openSheet(someJobs())
  const [first, second] = screensOf(sheet)
  sheet.see(first!, true)
  sheet.find('[name=motion]').click()
  sheet.see(second!, true)
  expect(playing(sheet)).toEqual([])
  expect(sheet.find('[name=motion]').textContent).toBe('Play all')
  sheet.find('[name=motion]').click()
  expect(playing(sheet)).toEqual([0, 1])
})

test('a clip plays only on demand when the reader prefers reduced motion', async () => {
  const sheet = await openSheet(someJobs(), { calm: true })
  const [first] = screensOf(sheet)
  sheet.see(first!, true)
  expect(playing(sheet)).toEqual([])
  sheet.find('.play').click()
  expect(playing(sheet)).toEqual([0])
  expect(sheet.find('.play').getAttribute('aria-label')).toBe('Pause cup.png, motion_bucket_id 40')
})

test('the space bar plays and pauses the focused clip', async () => {
  const sheet = await openSheet(someJobs(), { calm: true })
  sheet.find('[data-clip]').focus()
  sheet.press(' ')
  expect(playing(sheet)).toEqual([0])
  sheet.press(' ')
  expect(playing(sheet)).toEqual([])
})

describe('a GIF clip', () => {
  const GIF = 'data:image/gif;base64,R0lG'
  const openGif = async (poster: string | null, calm = false) => {
    const [job] = someJobs()
    const clips = job!.clips.map((clip) => ({ ...clip, video: GIF, key: 'jobs/a/video.gif', poster }))
    const sheet = await openSheet([{ ...job!, clips }], { calm })
    return { ...sheet, screen: sheet.find('.screen'), source: () => sheet.find('.moves').getAttribute('src') }
  }

  test('plays while it is visible and shows its poster otherwise', async () => {
    const { see, screen, source } = await openGif('data:image/webp;base64,AAAA')
    expect(source()).toBe('data:image/webp;base64,AAAA')
    see(screen, true)
    expect(source()).toBe(GIF)
    see(screen, false)
    expect(source()).toBe('data:image/webp;base64,AAAA')
  })

  test('plays only on demand when the reader prefers reduced motion', async () => {
    const { see, screen, source, find } = await openGif('data:image/webp;base64,AAAA', true)
    see(screen, true)
    expect(source()).toBe('data:image/webp;base64,AAAA')
    find('.play').click()
    expect(source()).toBe(GIF)
    expect(find('.play').getAttribute('aria-label')).toBe('Pause cup.png')
  })
})
