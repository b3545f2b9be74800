/* Finds and orders cards. A sweep stands where its first card would, and keeps the order of its values. */
;(() => {
  const toolbar = document.querySelector('.toolbar')
  const main = document.querySelector('main')
  const groups = [...main.children]
  const cardsOf = (group) => (group.matches('.card') ? [group] : [...group.querySelectorAll('.card')])
  const cards = groups.flatMap(cardsOf)

  /* Cards without the value come last. */
  const number = (card, name, absent) => (card.dataset[name] === '' ? absent : Number(card.dataset[name]))
  const largestFirst = (name) => (a, b) => number(b, name, -1) - number(a, name, -1)
  const orders = {
    /* Sorting is stable, so that the page's own order stays. */
    listed: () => 0,
    newest: largestFirst('newest'),
    seconds: largestFirst('seconds'),
    cost: largestFirst('cost'),
    likeness: (a, b) => number(a, 'likeness', 1e9) - number(b, 'likeness', 1e9),
    name: (a, b) => a.dataset.name.localeCompare(b.dataset.name, undefined, { numeric: true }),
  }

  const arrange = () => {
    const words = toolbar.elements.words.value.toLowerCase().split(/\s+/)
    const state = toolbar.elements.state?.value ?? ''
    const order = orders[toolbar.elements.order.value]
    for (const card of cards) {
      const fits = state === '' || state === card.dataset.state
      card.hidden = !fits || words.some((word) => !card.dataset.words.includes(word))
    }
    for (const group of groups) group.hidden = cardsOf(group).every((card) => card.hidden)
    const firstOf = (group) => cardsOf(group).sort(order)[0]
    main.append(...[...groups].sort((a, b) => order(firstOf(a), firstOf(b))))
    const shown = cards.filter((card) => !card.hidden).length
    toolbar.querySelector('output').textContent = shown === cards.length ? '' : `${shown} of ${cards.length}`
  }

  toolbar.hidden = false
  toolbar.addEventListener('input', arrange)
  toolbar.addEventListener('submit', (event) => event.preventDefault())
})()
