/* Clips play while they are in sight, unless the reader wants less motion: then under the mouse, or when asked. */
;(() => {
  const clips = [...document.querySelectorAll('.clip')]
  const allButton = document.querySelector('.toolbar [name=motion]')
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  const inSight = new Set()
  let moving = !calm.matches

  /* Some browsers play no data URI: its bytes as a blob play in all. Made when the clip is first wanted. */
  const load = (video) => {
    const source = video.getAttribute('src')
    if (!source.startsWith('data:')) return
    const text = atob(source.slice(source.indexOf(',') + 1))
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0))
    video.src = URL.createObjectURL(new Blob([bytes], { type: 'video/mp4' }))
  }

  const play = (video) => {
    load(video)
    video.play().catch(() => {})
  }

  /* Clips of a sweep run together, so that they can be compared. */
  const keepStep = (video) => {
    const others = video.closest('.sweep')?.querySelectorAll('video') ?? []
    const leader = [...others].find((other) => other !== video && !other.paused)
    if (leader !== undefined && leader.currentTime < video.duration) video.currentTime = leader.currentTime
  }

  const setUp = (clip) => {
    const video = clip.querySelector('video')
    const button = clip.querySelector('.play')
    const full = clip.querySelector('.full')
    const name = button.getAttribute('aria-label').slice('Play '.length)
    const show = () => {
      clip.classList.toggle('paused', video.paused)
      button.setAttribute('aria-label', `${video.paused ? 'Play' : 'Pause'} ${name}`)
    }
    const toggle = () => {
      if (video.paused) play(video)
      else video.pause()
    }
    video.controls = false
    button.hidden = false
    full.hidden = video.requestFullscreen === undefined
    video.addEventListener('playing', () => keepStep(video))
    for (const event of ['play', 'pause']) video.addEventListener(event, show)
    for (const target of [video, button]) target.addEventListener('click', toggle)
    full.addEventListener('click', () => {
      play(video)
      video.requestFullscreen()
    })
    clip.addEventListener('pointerenter', ({ pointerType }) => {
      if (pointerType === 'mouse' && !moving) play(video)
    })
    clip.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse' && !moving) video.pause()
    })
    show()
  }

  const setMoving = (value) => {
    moving = value
    allButton.textContent = moving ? 'Pause all' : 'Play all'
    for (const clip of clips) {
      const video = clip.querySelector('video')
      if (moving && inSight.has(clip)) play(video)
      else video.pause()
    }
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const video = target.querySelector('video')
        if (isIntersecting) inSight.add(target)
        else inSight.delete(target)
        if (!isIntersecting) video.pause()
        else if (moving) play(video)
      }
    },
    { threshold: 0.25 },
  )

  for (const clip of clips) {
    setUp(clip)
    watcher.observe(clip)
  }
  allButton.hidden = clips.length === 0
  allButton.addEventListener('click', () => setMoving(!moving))
  calm.addEventListener('change', () => setMoving(!calm.matches))
  setMoving(moving)
})()
