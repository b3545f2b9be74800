import { describe, expect, test } from 'vitest'
import { openSheet } from './open-sheet.ts'
import { clipIds, someJobs } from './some-jobs.ts'

/** A page whose four clips lie in two rows of two. */
const openInRows = async () => {
  const jobs = someJobs()
  const ids = clipIds(jobs)
  const sheet = await openSheet(jobs)
  for (const [index, id] of ids.entries()) {
    const [column, row] = [index % 2, Math.floor(index / 2)]
    const box = { left: column * 300, top: 100 + row * 500, width: 280, height: 200 }
    Object.assign(sheet.find(`[data-clip="${id}"]`), {
      getBoundingClientRect: () => box,
      scrollIntoView() {},
    })
  }
  const focused = (): number =>
    ids.indexOf(sheet.document.activeElement?.closest('[data-clip]')?.getAttribute('data-clip') ?? '')
  const marks = (): readonly string[] =>
    ids.map((id) => sheet.find(`[data-clip="${id}"]`).getAttribute('data-mark') ?? '')
  return { ...sheet, ids, focused, marks }
}

test('arrow keys move the focus between clips and stop at the last clips', async () => {
  const { press, focused } = await openInRows()
  const visited = ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'ArrowUp'].map((key) => {
    press(key)
    return focused()
  })
  expect(visited).toEqual([0, 1, 3, 2, 0, 0])
})

test('arrow keys skip clips that a filter hides', async () => {
  const { press, focused, choose } = await openInRows()
  choose('[data-facet=motion_bucket_id]', '1')
  press('ArrowRight')
  press('ArrowRight')
  expect(focused()).toBe(3)
})

test('ArrowDown moves no focus while no clip has the focus, so that the page scrolls', async () => {
  const { press, focused } = await openInRows()
  press('ArrowDown')
  expect(focused()).toBe(-1)
})

test('k keeps and x rejects the focused clip, and a second press removes the mark', async () => {
  const { press, marks } = await openInRows()
  press('k')
  expect(marks()).toEqual(['', '', '', ''])
  press('ArrowRight')
  press('k')
  press('ArrowRight')
  press('X')
  press('ArrowDown')
  press('k')
  press('k')
  expect(marks()).toEqual(['kept', 'rejected', '', ''])
})

test('a key marks the clip of the card that has the focus', async () => {
  const { find, press, marks } = await openInRows()
  find('.card .figure').focus()
  press('x')
  expect(marks()).toEqual(['rejected', '', '', ''])
})

describe('keys mark no clip', () => {
  test('in a field', async () => {
    const { find, press, marks, focused } = await openInRows()
    find('[name=words]').focus()
    press('k')
    press('ArrowRight')
    expect([marks(), focused()]).toEqual([['', '', '', ''], -1])
  })

  test('with Ctrl, Alt or Meta', async () => {
    const { press, marks } = await openInRows()
    press('ArrowRight')
    const marked = ['ctrlKey', 'altKey', 'metaKey'].map((modifier) => {
      press('k', { [modifier]: true })
      return marks()[0]
    })
    expect(marked).toEqual(['', '', ''])
  })
})

test('the focus moves to the next clip when a filter hides the marked clip', async () => {
  const { press, choose, focused, document, marks } = await openInRows()
  choose('[name=mark]', 'none')
  ;(document.activeElement as unknown as { blur(): void }).blur()
  press('ArrowRight')
  press('k')
  expect(focused()).toBe(1)
  press('x')
  expect(focused()).toBe(2)
  expect(marks()).toEqual(['kept', 'rejected', '', ''])
})
