/* Arrows move the focus from clip to clip, k keeps and x rejects the clip that has it, and space plays it. */
;(() => {
  const clipsInOrder = () =>
    [...document.querySelectorAll('[data-clip]')].filter((clip) => clip.closest('[hidden]') === null)

  /* The clip that has the focus, or whose card has it. */
  const current = () => {
    const { activeElement } = document
    return (
      activeElement.closest('[data-clip]') ?? activeElement.closest('.card')?.querySelector('[data-clip]')
    )
  }

  const beside = (clip, step) => {
    const clips = clipsInOrder()
    return clips[clips.indexOf(clip) + step]
  }

  const middleOf = (clip) => {
    const { left, top, width, height } = clip.getBoundingClientRect()
    return { clip, x: left + width / 2, y: top + height / 2, height }
  }

  /* The nearest clip of the next row, or of the row before. */
  const above = (clip, step) => {
    const start = middleOf(clip)
    const beyond = clipsInOrder()
      .map(middleOf)
      .filter(({ y }) => (y - start.y) * step > start.height / 2)
    const nearest = Math.min(...beyond.map(({ y }) => Math.abs(y - start.y)))
    const row = beyond.filter(({ y }) => Math.abs(y - start.y) < nearest + start.height / 2)
    return row.sort((a, b) => Math.abs(a.x - start.x) - Math.abs(b.x - start.x))[0]?.clip
  }

  const moves = {
    ArrowLeft: (clip) => beside(clip, -1),
    ArrowRight: (clip) => beside(clip, 1),
    ArrowUp: (clip) => above(clip, -1),
    ArrowDown: (clip) => above(clip, 1),
  }
  const MARK_KEYS = { k: 'kept', x: 'rejected' }

  const focus = (clip) => {
    clip.focus({ preventScroll: true })
    clip.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }

  const firstInSight = () =>
    clipsInOrder().find((clip) => clip.getBoundingClientRect().top >= 0) ?? clipsInOrder()[0]

  const move = (key, clip) => {
    if (clip !== undefined && clip !== null) return moves[key](clip)
    return key === 'ArrowLeft' || key === 'ArrowRight' ? firstInSight() : undefined
  }

  /* With a filter by marks, a clip that is marked may vanish: the focus goes on to the next one. */
  const mark = (clip, name) => {
    const next = beside(clip, 1) ?? beside(clip, -1)
    clip.querySelector(`.marks [name=${name}]`).click()
    if (clip.closest('[hidden]') !== null && next !== undefined) focus(next)
  }

  document.addEventListener('keydown', (event) => {
    const { key, target } = event
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (target.closest?.('input, select, textarea')) return
    const clip = current()
    const name = MARK_KEYS[key.toLowerCase()]
    if (key in moves) {
      const next = move(key, clip)
      if (next === undefined) return
      focus(next)
    } else if (name !== undefined && clip) mark(clip, name)
    else if (key === ' ' && target === clip) clip.querySelector('.play')?.click()
    else return
    event.preventDefault()
  })
})()
