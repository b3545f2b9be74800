/* Marks of the reader, kept or rejected. This browser remembers them for this page, and they go into a list. */
;(() => {
  const clips = [...document.querySelectorAll('[data-clip]')]
  const bar = document.querySelector('.choice')
  const command = bar.querySelector('.command code')
  const said = bar.querySelector('output')
  const MARKS = ['kept', 'rejected']

  /* Pages on a disk share one storage in some browsers, so that the key names the page. */
  const storageKey = `svd-marks:${location.pathname}`
  const page = decodeURIComponent(location.pathname.split('/').at(-1)).replace(/\.html?$/i, '')
  const listName = `${page.replaceAll(/[^\w.-]+/g, '-').replaceAll(/^[-.]+|-+$/g, '') || 'clips'}-kept.json`

  let isStored = true
  const readStored = () => {
    try {
      return Object.entries(JSON.parse(localStorage.getItem(storageKey)) ?? {})
    } catch {
      return []
    }
  }
  const readMarks = () => new Map(readStored().filter(([, mark]) => MARKS.includes(mark)))
  let marks = readMarks()
  const store = () => {
    try {
      localStorage.setItem(storageKey, JSON.stringify(Object.fromEntries(marks)))
      isStored = true
    } catch {
      isStored = false
    }
  }

  const idsOf = (mark) => clips.map(({ dataset }) => dataset.clip).filter((id) => marks.get(id) === mark)

  const show = () => {
    for (const clip of clips) {
      const mark = marks.get(clip.dataset.clip)
      if (mark === undefined) delete clip.dataset.mark
      else clip.dataset.mark = mark
      for (const button of clip.querySelectorAll('.marks button'))
        button.setAttribute('aria-pressed', String(button.name === mark))
    }
    const [kept, rejected] = MARKS.map((mark) => idsOf(mark).length)
    const counts = `${kept} kept, ${rejected} rejected, ${clips.length - kept - rejected} left`
    bar.querySelector('.counts').textContent = isStored
      ? counts
      : `${counts}. This browser does not remember marks: save the list.`
    bar.classList.toggle('marked', kept + rejected > 0)
    for (const button of bar.querySelectorAll('.actions button'))
      button.disabled = button.name === 'copy' ? kept === 0 : kept + rejected === 0
    said.textContent = ''
    document.dispatchEvent(new Event('marks'))
  }

  const mark = (clip, wanted) => {
    const id = clip.dataset.clip
    if (marks.get(id) === wanted) marks.delete(id)
    else marks.set(id, wanted)
    store()
    show()
  }

  let saved = null
  const save = () => {
    const list = { version: 1, kept: idsOf('kept'), rejected: idsOf('rejected') }
    const file = new Blob([`${JSON.stringify(list, null, 2)}\n`], { type: 'application/json' })
    if (saved !== null) URL.revokeObjectURL(saved)
    saved = URL.createObjectURL(file)
    const link = document.createElement('a')
    link.href = saved
    link.download = listName
    link.click()
    said.textContent = `Saved as ${listName}.`
  }

  /* Some browsers refuse the clipboard to pages on a disk: the reader then copies what is selected. */
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command.textContent)
      said.textContent = 'Copied.'
    } catch {
      bar.querySelector('details').open = true
      getSelection().selectAllChildren(command)
      said.textContent = 'The command below is selected: copy it.'
    }
  }

  const clear = () => {
    if (!confirm('Clear all marks of this page?')) return
    for (const { dataset } of clips) marks.delete(dataset.clip)
    store()
    show()
  }

  if (clips.length === 0) return
  if (command !== null)
    command.textContent = `npx svd download --kept ${listName} --to kept --output-bucket ${command.dataset.bucket}`
  for (const clip of clips) {
    clip.querySelector('.marks').hidden = false
    for (const button of clip.querySelectorAll('.marks button'))
      button.addEventListener('click', () => mark(clip, button.name))
  }
  bar.hidden = false
  for (const [name, act] of Object.entries({ save, copy, clear }))
    bar.querySelector(`[name=${name}]`)?.addEventListener('click', act)
  /* The same page in another tab. */
  addEventListener('storage', ({ key }) => {
    if (key !== storageKey && key !== null) return
    marks = readMarks()
    show()
  })
  show()
})()
