/*
 * Opens the meaning of a figure under the mouse, at the keyboard's focus and on a click or tap, beside the figure. It
 * stays while the pointer is on it, and Escape closes it.
 */
;(() => {
  const figureAt = (target) => target.closest?.('.figure') ?? null
  const meaningOf = (figure) => document.getElementById(figure.getAttribute('popovertarget'))
  if (document.querySelector('.meaning')?.showPopover === undefined) return

  let opened = null
  const place = () => {
    if (opened === null) return
    const figure = opened.getBoundingClientRect()
    const meaning = meaningOf(opened)
    const { width, height } = meaning.getBoundingClientRect()
    const left = Math.max(8, Math.min(figure.left, innerWidth - width - 8))
    const below = figure.bottom
    const top = below + height > innerHeight && figure.top > height ? figure.top - height : below
    Object.assign(meaning.style, { left: `${left}px`, top: `${top}px`, right: 'auto', bottom: 'auto' })
  }

  const close = () => {
    if (opened === null) return
    const meaning = meaningOf(opened)
    opened = null
    if (meaning.matches(':popover-open')) meaning.hidePopover()
  }

  const open = (figure) => {
    const meaning = meaningOf(figure)
    if (opened !== null && meaningOf(opened) !== meaning) close()
    opened = figure
    if (!meaning.matches(':popover-open')) meaning.showPopover()
    place()
  }

  document.addEventListener('pointerover', ({ target, pointerType }) => {
    const figure = figureAt(target)
    if (pointerType === 'mouse' && figure !== null) open(figure)
  })
  document.addEventListener('pointerout', ({ relatedTarget, pointerType }) => {
    if (pointerType !== 'mouse' || opened === null) return
    const isInside = opened.contains(relatedTarget) || meaningOf(opened).contains(relatedTarget)
    if (!isInside && document.activeElement !== opened) close()
  })
  document.addEventListener('focusin', ({ target }) => {
    const figure = figureAt(target)
    if (figure?.matches(':focus-visible')) open(figure)
  })
  document.addEventListener('focusout', ({ target }) => {
    if (target === opened) close()
  })
  /* Instead of the browser's own switch, which would close what the mouse has opened. */
  document.addEventListener('click', (event) => {
    const figure = figureAt(event.target)
    if (figure === null) return
    event.preventDefault()
    open(figure)
  })
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close()
  })
  for (const event of ['scroll', 'resize']) addEventListener(event, place, { capture: true, passive: true })
})()
