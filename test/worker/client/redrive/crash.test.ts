import { describe, expect, test } from 'vitest'
import { aFailure } from '../../../fixtures/job-records.ts'
import { classes, redriveSetup } from './redrive-setup.ts'

const CHANGES = ['create', 'put', 'replace', 'delete', 'send', 'setVisibility', 'remove']

class Crash extends Error {}

/** A process that dies before or after its n-th change; nothing of it happens after that. */
const dyingAt = (place: number, when: 'before' | 'after') => {
  let changes = 0
  let armed = false
  let dead = false
  const died: string[] = []
  return {
    died,
    faults: {
      before(operation: string, subject: string) {
        if (!armed) return
        if (dead) throw new Crash('is dead')
        if (!CHANGES.includes(operation)) return
        changes += 1
        if (changes === place && when === 'before') {
          dead = true
          died.push(`${operation} ${subject}`)
          throw new Crash('dies')
        }
      },
      after(operation: string, subject: string) {
        if (!armed || dead || !CHANGES.includes(operation)) return
        if (changes === place && when === 'after') {
          dead = true
          died.push(`${operation} ${subject}`)
          throw new Crash('dies')
        }
      },
    },
    run: async (redrive: () => Promise<unknown>): Promise<boolean> => {
      armed = true
      await redrive().catch((error) => {
        if (!(error instanceof Crash)) throw error
      })
      armed = false
      return dead
    },
  }
}

const aCrashedSetup = async (place: number, when: 'before' | 'after', letter: boolean) => {
  const process = dyingAt(place, when)
  const setup = redriveSetup({ faults: process.faults })
  const record = aFailure({ class: letter ? 'exhausted' : 'quality', reason: 'the first time' })
  const jobId = await setup.fail(record, { letter })
  await setup.askToCancel(jobId)
  const filter = letter ? {} : { classes: classes('quality'), jobIds: new Set([jobId]) }
  const crashed = await process.run(() => setup.redrive(filter))
  // The leases of the crashed process expire.
  setup.pass(3600)
  return { setup, record, jobId, crashed, filter, died: process.died }
}

describe.each([
  { letter: true, name: 'with a dead-letter message' },
  { letter: false, name: 'without a dead-letter message' },
])('a redrive of a job $name', ({ letter }) => {
  /**
   * Hold, archive; uncount, delete the entry, uncount; delete the result, enter, delete the mark, status, send; uncount,
   * delete the entry, uncount; remove. Without a dead-letter message, one is sent first.
   */
  const places = Array.from({ length: letter ? 14 : 15 }, (_, index) => index + 1)
  const crashes = places.flatMap((place) => [
    { place, when: 'before' as const },
    { place, when: 'after' as const },
  ])

  test('makes as many changes as the list of changes has', async () => {
    expect((await aCrashedSetup(places.length, 'before', letter)).died[0]).toMatch(/^remove/)
    // Only the release at the end follows, and nothing depends on it.
    expect((await aCrashedSetup(places.length + 1, 'before', letter)).crashed).toBe(false)
  })

  test.each(crashes)('that crashes $when change $place does not lose the job', async ({ place, when }) => {
    const { setup, jobId, crashed } = await aCrashedSetup(place, when, letter)
    expect(crashed).toBe(true)
    const somewhere = [...setup.jobsInQueue(), ...setup.jobsAmongDeadLetters()]
    // A job without a dead-letter message keeps its record until it has one.
    expect(somewhere.includes(jobId) || (await setup.result(jobId)) !== null).toBe(true)
  })

  test.each(crashes)(
    'that crashes $when change $place is completed by the next redrive',
    async ({ place, when }) => {
      const { setup, record, jobId, filter } = await aCrashedSetup(place, when, letter)
      await setup.redrive(filter)
      await setup.work()
      await setup.redrive(filter)
      expect(await setup.result(jobId)).toMatchObject({ state: 'succeeded' })
      expect(setup.jobsAmongDeadLetters()).toEqual([])
      expect(setup.isAskedToCancel(jobId)).toBe(false)
      expect((await setup.archived(jobId)).map((kept) => kept.record)).toEqual([record])
      expect(await setup.entered('failed')).toEqual([])
      expect(await setup.entered('succeeded')).toEqual([jobId])
    },
  )

  test.each(crashes)(
    'that crashes $when change $place is completed even after the failure was recorded again',
    async ({ place, when }) => {
      const { setup, record, jobId, filter } = await aCrashedSetup(place, when, letter)
      await setup.recordDeadLetters()
      await setup.work()
      await setup.redrive({ ...filter, classes: null })
      await setup.work()
      expect(await setup.result(jobId)).toMatchObject({ state: 'succeeded' })
      expect(setup.jobsAmongDeadLetters()).toEqual([])
      expect((await setup.archived(jobId)).map((kept) => kept.record)).toContainEqual(record)
      expect(await setup.entered('failed')).toEqual([])
    },
  )
})
