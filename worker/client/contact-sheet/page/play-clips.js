/* Clips play while they are in sight, unless the reader wants less motion: then under the mouse, or when asked. */
;(() => {
  const allButton = document.querySelector('.toolbar [name=motion]')
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  const inSight = new Set()
  let moving = !calm.matches

  /* Some browsers play no data URI: its bytes as a blob play in all. Made when the clip is first wanted. */
  const load = (video) => {
    const source = video.getAttribute('src')
    if (!source.startsWith('data:')) return
    const type = source.slice('data:'.length, source.indexOf(';'))
    const text = atob(source.slice(source.indexOf(',') + 1))
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0))
    video.src = URL.createObjectURL(new Blob([bytes], { type }))
  }

  /* Clips of a sweep run together, so that they can be compared. */
  const keepStep = (video) => {
    const others = video.closest('.sweep')?.querySelectorAll('video') ?? []
    const leader = [...others].find((other) => other !== video && !other.paused)
    if (leader !== undefined && leader.currentTime < video.duration) video.currentTime = leader.currentTime
  }

  const videoPlayer = (video, changed) => {
    video.controls = false
    video.addEventListener('playing', () => keepStep(video))
    for (const event of ['play', 'pause']) video.addEventListener(event, changed)
    return {
      element: video,
      isPaused: () => video.paused,
      play() {
        load(video)
        video.play().catch(() => {})
      },
      pause: () => video.pause(),
    }
  }

  /* A GIF cannot be paused, so its poster takes its place. */
  const imagePlayer = (image, changed) => {
    const { src } = image
    const { poster = src } = image.dataset
    const put = (address) => {
      if (image.getAttribute('src') !== address) image.src = address
      changed()
    }
    return {
      element: image,
      isPaused: () => image.getAttribute('src') !== src,
      play: () => put(src),
      pause: () => put(poster),
    }
  }

  const openPlayer = (screen, changed) => {
    const [video, image] = ['video', '.moves'].map((selector) => screen.querySelector(selector))
    if (video !== null) return videoPlayer(video, changed)
    return image === null ? null : imagePlayer(image, changed)
  }

  const setUp = (screen) => {
    let player = null
    const button = screen.querySelector('.play')
    const full = screen.querySelector('.full')
    const name = button?.getAttribute('aria-label').slice('Play '.length)
    const show = () => {
      if (player === null) return
      const isPaused = player.isPaused()
      screen.classList.toggle('paused', isPaused)
      button.setAttribute('aria-label', `${isPaused ? 'Play' : 'Pause'} ${name}`)
    }
    player = openPlayer(screen, show)
    if (player === null) return null
    const toggle = () => (player.isPaused() ? player.play() : player.pause())
    button.hidden = false
    full.hidden = player.element.requestFullscreen === undefined
    for (const target of [player.element, button]) target.addEventListener('click', toggle)
    full.addEventListener('click', () => {
      player.play()
      player.element.requestFullscreen()
    })
    screen.addEventListener('pointerenter', ({ pointerType }) => {
      if (pointerType === 'mouse' && !moving) player.play()
    })
    screen.addEventListener('pointerleave', ({ pointerType }) => {
      if (pointerType === 'mouse' && !moving) player.pause()
    })
    show()
    return player
  }

  const players = new Map()
  for (const screen of document.querySelectorAll('.screen')) {
    const player = setUp(screen)
    if (player !== null) players.set(screen, player)
  }

  const setMoving = (value) => {
    moving = value
    allButton.textContent = moving ? 'Pause all' : 'Play all'
    for (const [screen, player] of players) {
      if (moving && inSight.has(screen)) player.play()
      else player.pause()
    }
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const player = players.get(target)
        if (isIntersecting) inSight.add(target)
        else inSight.delete(target)
        if (!isIntersecting) player.pause()
        else if (moving) player.play()
      }
    },
    { threshold: 0.25 },
  )

  for (const screen of players.keys()) watcher.observe(screen)
  allButton.hidden = players.size === 0
  allButton.addEventListener('click', () => setMoving(!moving))
  calm.addEventListener('change', () => setMoving(!calm.matches))
  setMoving(moving)
})()
