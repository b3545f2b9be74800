import { describe, expect, test } from 'vitest'
import { openSheet } from './open-sheet.ts'
import { aJobLike, someJobs } from './some-jobs.ts'

const CUP_40 = 'cup.png motion_bucket_id 40'
const CUP_220 = 'cup.png motion_bucket_id 220'
const CAT_40 = 'cat.png motion_bucket_id 40'
const CAT_220 = 'cat.png motion_bucket_id 220'
const SKY = 'sky.png'

describe('the order', () => {
  test.each([
    ['motion', [CUP_220, CAT_220, CAT_40, CUP_40, SKY]],
    ['calm', [CUP_40, CAT_40, CAT_220, CUP_220, SKY]],
    ['likeness', [CAT_40, CUP_220, CAT_220, CUP_40, SKY]],
    ['alike', [CUP_40, CAT_220, CUP_220, CAT_40, SKY]],
    ['warnings', [CUP_220, CUP_40, CAT_40, CAT_220, SKY]],
    ['state', [SKY, CUP_40, CUP_220, CAT_40, CAT_220]],
    ['facet:motion_bucket_id', [CUP_40, CAT_40, SKY, CUP_220, CAT_220]],
  ])(
    'named %s is one list of all clips, which ends with the clips without a value',
    async (order, expected) => {
      const sheet = await openSheet(someJobs())
      sheet.choose('[name=order]', order)
      expect(sheet.cards()).toEqual(expected)
      expect(sheet.shown('.sweep')).toEqual([])
    },
  )

  test('by name groups the clips of an image and sorts them by their values, also after another order', async () => {
    const sheet = await openSheet(someJobs())
    sheet.choose('[name=order]', 'motion')
    sheet.choose('[name=order]', 'name')
    expect(sheet.cards()).toEqual([CAT_40, CAT_220, CUP_40, CUP_220, SKY])
    expect(sheet.shown('.sweep h2 span').map(({ textContent }) => textContent)).toEqual([
      'cat.png',
      'cup.png',
    ])
  })
})

describe('filters', () => {
  test.each([
    ['[name=motion-from]', '3', [CUP_220, CAT_40, CAT_220]],
    ['[name=motion-to]', '9', [CUP_40, CUP_220, CAT_40, CAT_220]],
    ['[name=likeness-from]', '27', [CUP_40, CAT_220]],
    ['[name=likeness-to]', '24', [CUP_220, CAT_40]],
    ['[name=warned]', 'yes', [CUP_220]],
    ['[name=warned]', 'no', [CUP_40, CAT_40, CAT_220, SKY]],
    ['[name=state]', 'failed', [SKY]],
    ['[data-facet=motion_bucket_id]', '1', [CUP_220, CAT_220]],
    ['[name=words]', 'CAT 220', [CAT_220]],
  ])('show only the matching clips when %s is set to %s', async (field, value, expected) => {
    const sheet = await openSheet(someJobs())
    sheet.choose(field, value)
    expect(sheet.cards()).toEqual(expected)
    expect(sheet.find('.toolbar output').textContent).toBe(`${expected.length} of 5`)
  })

  test('apply together, are counted, and are cleared by Reset, which keeps the order', async () => {
    const sheet = await openSheet(someJobs())
    sheet.choose('[name=order]', 'motion')
    sheet.choose('[name=motion-from]', '3')
    sheet.choose('[name=likeness-from]', '24')
    expect(sheet.cards()).toEqual([CUP_220, CAT_220])
    expect(sheet.find('.filters summary b').textContent).toBe('(2)')
    sheet.find('[name=reset]').click()
    expect(sheet.cards()).toEqual([CUP_220, CAT_220, CAT_40, CUP_40, SKY])
    expect(sheet.find('.filters summary b').textContent).toBe('')
    expect(sheet.find('.toolbar output').textContent).toBe('')
  })

  test('by mark follow each change of a mark', async () => {
    const sheet = await openSheet(someJobs())
    sheet.find('.marks [name=kept]').click()
    sheet.choose('[name=mark]', 'kept')
    expect(sheet.cards()).toEqual([CUP_40])
    sheet.choose('[name=mark]', 'none')
    expect(sheet.cards()).toEqual([CUP_220, CAT_40, CAT_220])
    sheet.shown('.marks [name=rejected]')[0]?.click()
    expect(sheet.cards()).toEqual([CAT_40, CAT_220])
  })

  test('hide the heading of an image when they hide all of its clips', async () => {
    const sheet = await openSheet(someJobs())
    sheet.choose('[name=words]', 'cup')
    expect(sheet.shown('.sweep h2 span').map(({ textContent }) => textContent)).toEqual(['cup.png'])
  })

  test('exist only for values that differ between clips', async () => {
    const sheet = await openSheet([aJobLike('cup', 40), aJobLike('cat', 40)])
    const names = sheet.shown('.filters select, .filters input').map((field) => field.getAttribute('name'))
    expect(names).toEqual(['mark', 'warned'])
  })
})

test('a link to a failed job shows its card although a filter hides that card', async () => {
  const sheet = await openSheet(someJobs())
  sheet.choose('[name=state]', 'succeeded')
  expect(sheet.cards()).not.toContain(SKY)
  const link = sheet.find('.problems a')
  link.dispatchEvent(new sheet.window.Event('click', { bubbles: true }))
  expect(sheet.cards()).toContain(SKY)
  expect(sheet.find(link.getAttribute('href') ?? '').querySelector('h3')?.textContent).toBe(SKY)
})

test('a filter by motion finds all clips with that motion among 40 clips', async () => {
  const jobs = Array.from({ length: 40 }, (_, index) =>
    aJobLike(`product-${Math.floor(index / 4)}`, 30 + (index % 4) * 60, { largest_frame_change: index % 4 }),
  )
  const sheet = await openSheet(jobs)
  expect(sheet.cards()).toHaveLength(40)
  sheet.choose('[data-facet=motion_bucket_id]', '3')
  expect(sheet.cards()).toEqual(
    Array.from({ length: 10 }, (_, image) => `product-${image}.png motion_bucket_id 210`),
  )
})
