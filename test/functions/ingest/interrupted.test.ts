import { describe, expect, test } from 'vitest'
import { statusKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/images.ts'
import { failAt } from './failing-call.ts'
import { ingestSetup } from './ingest-setup.ts'
import { untilIngested } from './until-ingested.ts'

const aSetupThatFails = async (n: number, moment: 'before' | 'after') => {
  const failure = failAt(n, moment)
  const { faults } = failure
  const setup = ingestSetup({ inputFaults: faults, outputFaults: faults, queueFaults: faults })
  const objects = [
    await setup.put('images/a.json', '{"grid": {"seed": [1, 2]}}'),
    await setup.put('images/a.png', await aPng({ seed: 1 })),
    await setup.put('images/b.png', await aPng({ seed: 2 })),
    await setup.put(
      'manifests/m.json',
      '{"items": [{"image": "images/a.png", "grid": {"fps": [6, 8]}}, {"image": "images/b.png"}, {}]}',
    ),
  ]
  failure.arm()
  return { setup, objects, disarm: failure.disarm }
}

describe.each(['before', 'after'] as const)(
  'an ingest run that fails %s one of its calls takes effect',
  (moment) => {
    test('is completed by the repeated event, which queues and reports everything', async () => {
      let n = 0
      for (;;) {
        n += 1
        const attempt = await aSetupThatFails(n, moment)
        await untilIngested(attempt.setup, attempt.objects)
        const failed = attempt.disarm()
        const { setup } = attempt
        const image = await setup.report('images/a.png')
        const manifest = await setup.report('manifests/m.json')
        expect([image?.state, manifest?.state]).toEqual(['accepted', 'partly'])
        expect([image?.jobs.length, manifest?.jobs.length, manifest?.faults.length]).toEqual([2, 3, 1])
        const queued = setup.jobs()
        const reported = new Set(
          [...(image?.jobs ?? []), ...(manifest?.jobs ?? [])].map(({ job_id }) => job_id),
        )
        expect(new Set(queued.map(({ job_id }) => job_id))).toEqual(reported)
        for (const { job_id, image } of queued) {
          expect(setup.output.keys()).toContain(statusKey(job_id))
          expect(setup.output.keys()).toContain(image.key)
        }
        if (!failed) break
      }
      // Every call failed once; there are some sixty.
      expect(n).toBeGreaterThan(40)
    })
  },
)
