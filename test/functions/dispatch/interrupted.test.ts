import { describe, expect, test } from 'vitest'
import { dispatchSetup, MINUTE_MS } from './dispatch-setup.ts'

/** The `n`th call of a port, counted from 1, is the last of its invocation: it never arrives, or it has its effect. */
const endAt = (n: number, moment: 'before' | 'after') => {
  const state = { calls: 0, ended: false }
  const end = (): void => {
    state.calls++
    if (state.calls === n) state.ended = true
    // The invocation has ended, so that none of its later calls has an effect.
    if (state.ended && state.calls >= n) throw new Error('dead')
  }
  const revive = (): void => {
    state.calls = Number.NEGATIVE_INFINITY
  }
  return { faults: { [moment]: end }, end, state, revive }
}

describe.each(['before', 'after'] as const)(
  'a dispatch invocation that ends %s one of its calls takes effect',
  (moment) => {
    test('leads neither to too many workers nor, in the end, to too few', async () => {
      for (let n = 1; ; n++) {
        const { faults, end, state, revive } = endAt(n, moment)
        const setup = dispatchSetup({
          backlog: 30,
          storeFaults: faults,
          faults,
          async depth() {
            end()
            return { visible: 30, inFlight: 0, delayed: 0 }
          },
        })
        await setup.dispatch().catch(() => {})
        revive()

        for (let minute = 0; minute < 7; minute++) {
          setup.wait(MINUTE_MS)
          await setup.dispatch()
          expect(setup.batch.all().length).toBeLessThanOrEqual(3)
        }

        expect(setup.batch.all().length).toBe(3)
        if (!state.ended) {
          // Every call was the last one once.
          expect(n).toBeGreaterThan(8)
          break
        }
      }
    })
  },
)
