import { describe, expect, test } from 'vitest'
import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { aWorld } from './a-world.ts'
import { failAt } from './failing-call.ts'
import { untilIngested } from './until-ingested.ts'

const aWorldThatFails = async (n: number, moment: 'before' | 'after') => {
  const failure = failAt(n, moment)
  const { faults } = failure
  const world = aWorld({ inputFaults: faults, outputFaults: faults, queueFaults: faults })
  const objects = [
    await world.put('images/a.json', '{"grid": {"seed": [1, 2]}}'),
    await world.put('images/a.png', await aPng({ seed: 1 })),
    await world.put('images/b.png', await aPng({ seed: 2 })),
    await world.put(
      'manifests/m.json',
      '{"items": [{"image": "images/a.png", "grid": {"fps": [6, 8]}}, {"image": "images/b.png"}, {}]}',
    ),
  ]
  failure.arm()
  return { world, objects, disarm: failure.disarm }
}

describe.each(['before', 'after'] as const)('whichever call fails, %s it had its effect', (moment) => {
  test('all is queued and reported when the event comes again', async () => {
    let n = 0
    for (;;) {
      n += 1
      const attempt = await aWorldThatFails(n, moment)
      await untilIngested(attempt.world, attempt.objects)
      const failed = attempt.disarm()
      const { world } = attempt
      const picture = await world.report('images/a.png')
      const manifest = await world.report('manifests/m.json')
      expect([picture?.state, manifest?.state]).toEqual(['accepted', 'partly'])
      expect([picture?.jobs.length, manifest?.jobs.length, manifest?.faults.length]).toEqual([2, 3, 1])
      const queued = world.jobs()
      const reported = new Set(
        [...(picture?.jobs ?? []), ...(manifest?.jobs ?? [])].map(({ job_id }) => job_id),
      )
      expect(new Set(queued.map(({ job_id }) => job_id))).toEqual(reported)
      for (const { job_id, image } of queued) {
        expect(world.output.keys()).toContain(statusKey(job_id))
        expect(world.output.keys()).toContain(image.key)
      }
      if (!failed) break
    }
    // Every call had its turn: there are some sixty.
    expect(n).toBeGreaterThan(40)
  })
})
