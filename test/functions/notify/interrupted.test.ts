import { describe, expect, test } from 'vitest'
import { reportKey } from '../../../shared/contracts/bucket-layout.ts'
import { failAt } from '../ingest/failing-call.ts'
import { IMAGE, MANIFEST, type NotifySetup, notifySetup } from './notify-setup.ts'

/** Delivers events as SQS does: a failed event is delivered again, up to the limit of receives. */
const deliver = async (setup: NotifySetup, keys: readonly string[]): Promise<void> => {
  let left = keys
  for (let receive = 1; receive <= 3; receive++) {
    const failed: string[] = []
    for (const key of left) {
      const answer = await setup.notify(key)
      if ((answer?.batchItemFailures.length ?? 0) > 0) failed.push(key)
    }
    left = failed
  }
  expect(left).toEqual([])
}

const aSetupThatFails = async (n: number, moment: 'before' | 'after') => {
  const failure = failAt(n, moment)
  const setup = notifySetup({ outputFaults: failure.faults })
  const { publish } = setup.deps
  Object.assign(setup.deps, {
    publish: async (...call: Parameters<typeof publish>) => {
      if (moment === 'before') failure.faults[moment]?.()
      await publish(...call)
      if (moment === 'after') failure.faults[moment]?.()
    },
  })
  await setup.uploadImage({ 'svd-context': '{"from": "image"}' })
  await setup.uploadManifest([{ image: IMAGE }, { image: IMAGE, id: 'b', parameters: { seed: 1 } }])
  const ended: string[] = []
  for (const id of setup.jobIds()) ended.push(await setup.end(id))
  failure.arm()
  return { setup, keys: [reportKey(MANIFEST), ...ended, reportKey(IMAGE)], disarm: failure.disarm }
}

describe.each(['before', 'after'] as const)(
  'a notify run that fails %s one of its calls takes effect',
  (moment) => {
    test('is completed by the repeated event, which announces every request and the batch', async () => {
      let n = 0
      for (;;) {
        n += 1
        const { setup, keys, disarm } = await aSetupThatFails(n, moment)
        await deliver(setup, keys)
        const failed = disarm()
        const announced = new Map(setup.published.map((event) => [event.event_id, event]))
        expect(
          [...announced.values()].map(({ type, upload, context }) => [type, upload.kind, context]).toSorted(),
        ).toEqual([
          ['batch.ended', 'manifest', null],
          ['request.ended', 'image', { from: 'image' }],
          ['request.ended', 'manifest', null],
          ['request.ended', 'manifest', null],
        ])
        if (!failed) break
      }
      // Every call failed once.
      expect(n).toBeGreaterThan(25)
    })
  },
)
