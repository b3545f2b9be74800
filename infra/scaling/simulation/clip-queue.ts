/** After so long without a request a queue stops to be measured; see queue-metrics.ts. */
export const ASLEEP_AFTER_SECONDS = 6 * 3600

/**
 * The jobs queue, as far as scaling sees it. A clip is a number, in the order of arrival. Times are seconds of the
 * simulation.
 */
export interface ClipQueue {
  send(clips: number, now: number): void
  /** Null: nothing is visible. */
  receive(now: number): number | null
  /** Visible to others after `delaySeconds`: 0 handed back, more for a lease that runs out. */
  handBack(clip: number, now: number, delaySeconds: number): void
  complete(clip: number, now: number): void
  /** Somebody polls. */
  touch(now: number): void
  /** Makes visible what is due. Call it once a second. */
  tick(now: number): void
  visible(): number
  inFlight(): number
  /** Of the last request by anybody. */
  activeAt(): number
  readonly arrivedAt: readonly number[]
  /** NaN: not done. */
  readonly doneAt: readonly number[]
  /** How often each was done: 1, if all is well. */
  readonly records: readonly number[]
  /** How often each was taken on. */
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
  let activeAt = Number.NEGATIVE_INFINITY

  const take = (): number | null => back.shift() ?? (next < arrivedAt.length ? next++ : null)

  return {
    send(clips, now) {
      for (let i = 0; i < clips; i++) {
        arrivedAt.push(now)
        doneAt.push(Number.NaN)
        records.push(0)
        deliveries.push(0)
      }
      if (clips > 0) activeAt = now
    },
    receive(now) {
      activeAt = now
      const clip = take()
      if (clip === null) return null
      inFlight++
      deliveries[clip]!++
      return clip
    },
    handBack(clip, now, delaySeconds) {
      activeAt = now
      if (delaySeconds > 0) {
        due.push({ clip, at: now + delaySeconds })
        return
      }
      inFlight--
      back.push(clip)
    },
    complete(clip, now) {
      activeAt = now
      inFlight--
      records[clip]!++
      doneAt[clip] = now
    },
    touch(now) {
      activeAt = now
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
    activeAt: () => activeAt,
    arrivedAt,
    doneAt,
    records,
    deliveries,
  }
}
