import { describe, expect, test } from 'vitest'
import { openSheet } from './open-sheet.ts'
import { someJobs } from './some-jobs.ts'

const openFigures = async () => {
  const sheet = await openSheet(someJobs())
  const { window, document } = sheet
  const figure = (meaning: string) => sheet.find(`.figure[popovertarget=meaning-${meaning}]`)
  const send = (type: string, target: ReturnType<typeof figure>, init: object = {}) => {
    const event = new window.PointerEvent(type, { bubbles: true, cancelable: true })
    return target.dispatchEvent(Object.assign(event, { pointerType: 'mouse' }, init))
  }
  return {
    ...sheet,
    figure,
    send,
    open: () =>
      [...document.querySelectorAll('.meaning')]
        .filter((meaning) => meaning.matches(':popover-open'))
        .map(({ id }) => id),
  }
}

test('every figure is a button that names its explanation, which is on the page once', async () => {
  const { document, find } = await openFigures()
  const figures = [...document.querySelectorAll('.figure')]
  expect(figures.length).toBeGreaterThan(20)
  for (const figure of figures) {
    const id = figure.getAttribute('popovertarget') ?? ''
    expect(figure.getAttribute('aria-describedby')).toBe(id)
    expect(document.querySelectorAll(`#${id}`)).toHaveLength(1)
    expect(find(`#${id}`).textContent.length).toBeGreaterThan(30)
  }
  expect(document.querySelectorAll('[title]')).toHaveLength(0)
})

describe('an explanation opens', () => {
  test('under the mouse, stays open while the mouse is on it, and closes after that', async () => {
    const { figure, send, open, find } = await openFigures()
    const meaning = find('#meaning-motion')
    send('pointerover', figure('motion'))
    expect(open()).toEqual(['meaning-motion'])
    send('pointerout', figure('motion'), { relatedTarget: meaning })
    expect(open()).toEqual(['meaning-motion'])
    send('pointerout', meaning, { relatedTarget: find('h1') })
    expect(open()).toEqual([])
  })

  test('on a tap, and stays open until the next tap', async () => {
    const { figure, send, open } = await openFigures()
    send('pointerover', figure('likeness'), { pointerType: 'touch' })
    expect(open()).toEqual([])
    expect(send('click', figure('likeness'))).toBe(false)
    expect(open()).toEqual(['meaning-likeness'])
    send('click', figure('motion'))
    expect(open()).toEqual(['meaning-motion'])
  })

  test('on keyboard focus, and closes on Escape or on the next focus', async () => {
    const { figure, press, open, find } = await openFigures()
    figure('darkest').focus()
    expect(open()).toEqual(['meaning-darkest'])
    press('Escape')
    expect(open()).toEqual([])
    figure('frames').focus()
    find('h1').setAttribute('tabindex', '-1')
    find('h1').focus()
    expect(open()).toEqual([])
  })
})

test('an explanation is below its figure, or above it without space, and always inside the window', async () => {
  const { window, figure, send, find } = await openFigures()
  Object.assign(window, { innerWidth: 390, innerHeight: 800 })
  const meaning = find('#meaning-motion')
  Object.assign(meaning, { getBoundingClientRect: () => ({ width: 350, height: 120 }) })
  const placedFor = (left: number, top: number) => {
    Object.assign(figure('motion'), { getBoundingClientRect: () => ({ left, top, bottom: top + 44 }) })
    send('click', figure('motion'))
    return [meaning.style.left, meaning.style.top]
  }
  expect(placedFor(10, 100)).toEqual(['10px', '144px'])
  expect(placedFor(300, 100)).toEqual(['32px', '144px'])
  expect(placedFor(0, 740)).toEqual(['8px', '620px'])
})
