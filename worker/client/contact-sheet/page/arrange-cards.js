/*
 * Finds, filters and orders cards. In the page's own order, and by time or name, the clips of an image stay together in
 * the order of their values, where the first of them would be. Every other order is one list of all cards.
 */
;(() => {
  const toolbar = document.querySelector('.toolbar')
  const fields = toolbar.elements
  const main = document.querySelector('main')
  const groups = [...main.children]
  const membersOf = new Map(
    groups.map((group) => [group, group.matches('.card') ? [group] : [...group.querySelectorAll('.card')]]),
  )
  const cards = [...membersOf.values()].flat()
  const facetsOf = new Map(cards.map((card) => [card, JSON.parse(card.dataset.facets)]))

  /* Cards without the value come last. */
  const number = (card, name, absent) => (card.dataset[name] === '' ? absent : Number(card.dataset[name]))
  const largestFirst = (name) => (a, b) => number(b, name, -1) - number(a, name, -1)
  const smallestFirst = (name) => (a, b) => number(a, name, 1e9) - number(b, name, 1e9)
  const STATES = [
    'failed',
    'lost',
    'cancelled',
    'queued',
    'preparing',
    'rendering',
    'publishing',
    'succeeded',
  ]
  const orders = {
    /* Sorting is stable, so that the page's own order stays. */
    listed: () => 0,
    newest: largestFirst('newest'),
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true }),
    motion: largestFirst('motion'),
    calm: smallestFirst('motion'),
    likeness: smallestFirst('likeness'),
    alike: largestFirst('likeness'),
    warnings: largestFirst('warnings'),
    seconds: largestFirst('seconds'),
    cost: largestFirst('cost'),
    state: (a, b) => STATES.indexOf(a.dataset.state) - STATES.indexOf(b.dataset.state),
  }
  const TOGETHER = ['listed', 'newest', 'name']
  const orderOf = (value) => {
    const [, facet] = /^facet:(.*)$/.exec(value) ?? []
    if (facet === undefined) return orders[value]
    return (a, b) => facetsOf.get(a)[facet] - facetsOf.get(b)[facet]
  }

  /* A filter is a function of cards; null: its field is empty. */
  const byWords = () => {
    const words = fields.words.value.toLowerCase().split(/\s+/).filter(Boolean)
    return words.length === 0 ? null : (card) => words.every((word) => card.dataset.words.includes(word))
  }
  const byState = () => {
    const state = fields.state?.value ?? ''
    return state === '' ? null : (card) => card.dataset.state === state
  }
  const byWarnings = () => {
    const { value } = fields.warned
    return value === '' ? null : (card) => (card.dataset.warnings !== '0') === (value === 'yes')
  }
  const byMark = () => {
    const { value } = fields.mark
    if (value === '') return null
    const mark = value === 'none' ? '' : value
    return (card) =>
      [...card.querySelectorAll('[data-clip]')].some((clip) => (clip.dataset.mark ?? '') === mark)
  }
  /* Compared as the card shows it, with one digit after the point. */
  const byRange = (name) => () => {
    const [from, to] = ['from', 'to'].map((end) => fields[`${name}-${end}`]?.value ?? '')
    if (from === '' && to === '') return null
    return (card) => {
      if (card.dataset[name] === '') return false
      const value = Number(Number(card.dataset[name]).toFixed(1))
      return (from === '' || value >= Number(from)) && (to === '' || value <= Number(to))
    }
  }
  const byFacet = (select) => () => {
    const { value } = select
    return value === '' ? null : (card) => facetsOf.get(card)[select.dataset.facet] === Number(value)
  }
  const filters = [
    ...[byState, byWarnings, byMark, byRange('motion'), byRange('likeness')],
    ...[...toolbar.querySelectorAll('[data-facet]')].map(byFacet),
  ]

  const filter = () => {
    const active = filters.map((read) => read()).filter(Boolean)
    const tests = [byWords(), ...active].filter(Boolean)
    for (const card of cards) card.hidden = !tests.every((fits) => fits(card))
    for (const [group, members] of membersOf)
      if (!group.matches('.card'))
        group.hidden = !members.some((card) => group.contains(card) && !card.hidden)
    const shown = cards.filter((card) => !card.hidden).length
    toolbar.querySelector('output').textContent = shown === cards.length ? '' : `${shown} of ${cards.length}`
    toolbar.querySelector('summary b').textContent = active.length === 0 ? '' : `(${active.length})`
  }

  /* Moved only when the order changes: what is moved loses the focus. */
  let placed = fields.order.value
  const place = () => {
    if (placed === fields.order.value) return
    placed = fields.order.value
    const order = orderOf(placed)
    if (!TOGETHER.includes(placed)) {
      main.append(...[...cards].sort(order))
      return
    }
    for (const [group, members] of membersOf)
      if (!group.matches('.card')) group.querySelector('.cards').append(...members)
    const firstOf = (group) => [...membersOf.get(group)].sort(order)[0]
    main.append(...[...groups].sort((a, b) => order(firstOf(a), firstOf(b))))
  }

  const arrange = () => {
    place()
    filter()
  }
  const showAll = () => {
    const { value } = fields.order
    toolbar.reset()
    fields.order.value = value
    arrange()
  }

  toolbar.hidden = false
  toolbar.addEventListener('input', arrange)
  toolbar.addEventListener('submit', (event) => event.preventDefault())
  fields.reset.addEventListener('click', showAll)
  document.addEventListener('marks', filter)
  /* A link to a card that the filters hide shows it. */
  document.querySelector('.problems')?.addEventListener('click', ({ target }) => {
    const { hash } = target.closest('a') ?? { hash: '' }
    if (hash !== '' && document.querySelector(hash).hidden) showAll()
  })
})()
