/**
 * The jobs queue, as far as scaling sees it. A clip is a number, in the order of arrival. Times are seconds of the
 * simulation.
 */
export interface ClipQueue {
  send(clips: number, now: number): void
  /** Takes the next visible clip; `null` if there is none. */
  receive(): number | null
  /** Visible to others after `delaySeconds`: 0 handed back, more for a lease that runs out. */
  handBack(clip: number, now: number, delaySeconds: number): void
  complete(clip: number, now: number): void
  /** Makes visible what is due. Call it once a second. */
  tick(now: number): void
  visible(): number
  inFlight(): number
  readonly arrivedAt: readonly number[]
  /** Completion time of each clip; `NaN` if it is not completed. */
  readonly doneAt: readonly number[]
  /** Completions of each clip: 1, if all is well. */
  readonly records: readonly number[]
  /** Deliveries of each clip. */
  readonly deliveries: readonly number[]
}

export const openClipQueue = (): ClipQueue => {
  const arrivedAt: number[] = []
  const doneAt: number[] = []
  const records: number[] = []
  const deliveries: number[] = []
  const back: number[] = []
  let due: { readonly clip: number; readonly at: number }[] = []
  let next = 0
  let inFlight = 0

  const take = (): number | null => back.shift() ?? (next < arrivedAt.length ? next++ : null)

  return {
    send(clips, now) {
      for (let i = 0; i < clips; i++) {
        arrivedAt.push(now)
        doneAt.push(Number.NaN)
        records.push(0)
        deliveries.push(0)
      }
    },
    receive() {
      const clip = take()
      if (clip === null) return null
      inFlight++
      deliveries[clip]!++
      return clip
    },
    handBack(clip, now, delaySeconds) {
      if (delaySeconds > 0) {
        due.push({ clip, at: now + delaySeconds })
        return
      }
      inFlight--
      back.push(clip)
    },
    complete(clip, now) {
      inFlight--
      records[clip]!++
      doneAt[clip] = now
    },
    tick(now) {
      if (due.length === 0) return
      for (const { clip, at } of due) {
        if (at > now) continue
        inFlight--
        back.push(clip)
      }
      due = due.filter(({ at }) => at > now)
    },
    visible: () => back.length + arrivedAt.length - next,
    inFlight: () => inFlight,
    arrivedAt,
    doneAt,
    records,
    deliveries,
  }
}
