import { describe, expect, test } from 'vitest'
import { CANCEL_PREFIX, cancelKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/images.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './ingest-setup.ts'
import { untilIngested } from './until-ingested.ts'
import { jobAt, type Setup, withFirstJob } from './with-first-job.ts'

describe('a job that is ordered while ingest cancels it', () => {
  /** Orders the first job by a manifest at a moment of the run that cancels it. */
  const ordered = async (moment: 'before' | 'after', isQuick = false) => {
    let armed = false
    let manifest: Awaited<ReturnType<Setup['put']>> | undefined
    const rounds: number[] = []
    const { setup, first } = await withFirstJob({
      outputFaults: {
        async [moment](operation: string, key: string) {
          if (!armed || operation !== 'create' || key !== cancelKey(first.job_id)) return
          armed = false
          if (isQuick) await setup.end(first, 'cancelled')
          rounds.push(await untilIngested(setup, [manifest ?? expect.fail('no manifest')]))
        },
      },
    })
    manifest = await setup.put(MANIFEST, NAMES_IMAGE)
    const sidecar = await setup.put(SIDECAR, OTHER)
    armed = true
    rounds.push(await untilIngested(setup, [sidecar]))
    return { setup, first, rounds }
  }

  test('is kept if the order came before the cancel marker', async () => {
    const { setup, first, rounds } = await ordered('before')
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The run that cancels it has to come again.
    expect(rounds).toEqual([1, 2])
  })

  test('is kept if the order came after the cancel marker', async () => {
    const { setup, first, rounds } = await ordered('after')
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The run that orders it has to come again.
    expect(rounds[0]).toBe(2)
  })

  test('is queued again if a worker has already stopped it', async () => {
    const { setup, first } = await ordered('after', true)
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
    expect(setup.hasResult(first.job_id)).toBe(false)
    expect(setup.hasArchivedResult(first.job_id)).toBe(true)
    expect(setup.sent().filter((jobId) => jobId === first.job_id).length).toBeGreaterThan(1)
    expect((await setup.report(MANIFEST))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test('is queued again by the run that cancels it, if that run finds the order too late', async () => {
    let manifest: Awaited<ReturnType<Setup['put']>> | undefined
    const { setup, first } = await withFirstJob({
      outputFaults: {
        async before(operation, key) {
          if (manifest === undefined || operation !== 'create' || !key.startsWith(CANCEL_PREFIX)) return
          await untilIngested(setup, [manifest])
        },
        async after(operation, key) {
          if (operation === 'create' && key.startsWith(CANCEL_PREFIX)) await setup.end(first, 'cancelled')
        },
      },
    })
    manifest = await setup.put(MANIFEST, NAMES_IMAGE)
    await untilIngested(setup, [await setup.put(SIDECAR, OTHER)])
    expect(setup.hasResult(first.job_id)).toBe(false)
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
    expect(setup.sent().filter((jobId) => jobId === first.job_id).length).toBeGreaterThan(1)
    expect(await setup.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
  })

  test('is queued again if a worker stops it between the cancel marker and the next run', async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, OTHER)
    const manifest = await setup.put(MANIFEST, NAMES_IMAGE)
    await expect(setup.ingest(s3Event(manifest))).rejects.toThrow('1 of 1 objects could not be ingested')
    await setup.end(first, 'cancelled')
    await setup.ingest(s3Event(manifest))
    expect(setup.hasResult(first.job_id)).toBe(false)
    expect(setup.sent().filter((jobId) => jobId === first.job_id)).toHaveLength(2)
  })

  test.each(['before', 'after'] as const)(
    'is kept if the same image orders it %s the cancel marker',
    async (moment) => {
      let armed = false
      const { setup, first } = await withFirstJob({
        outputFaults: {
          async [moment](operation: string, key: string) {
            if (!armed || operation !== 'create' || key !== cancelKey(first.job_id)) return
            armed = false
            // A run in another process, which sees the sidecar as it is by now.
            await untilIngested(setup, [await setup.put(SIDECAR, '{}')])
          },
        },
      })
      const sidecar = await setup.put(SIDECAR, OTHER)
      armed = true
      await untilIngested(setup, [sidecar])
      expect((await setup.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
      expect(await setup.stoppedBy(first.job_id)).toBeNull()
    },
  )

  test('is kept if its image orders it and the cancel marker is written just before the report', async () => {
    let armed = false
    const { setup, first } = await withFirstJob({
      outputFaults: {
        async before(operation, key) {
          if (!armed || operation !== 'replace' || !key.startsWith('reports/')) return
          armed = false
          await setup.output.put(
            cancelKey(first.job_id),
            new TextEncoder().encode(
              JSON.stringify({
                ...{ version: 1, job_id: first.job_id, requested_by: 'ingest' },
                requested_at: '2026-01-02T03:04:05.000Z',
              }),
            ),
            { contentType: 'application/json' },
            unaborted,
          )
        },
      },
    })
    await setup.upload(SIDECAR, OTHER)
    await setup.output.delete(cancelKey(first.job_id), unaborted)
    const sidecar = await setup.put(SIDECAR, '{}')
    armed = true
    expect(await untilIngested(setup, [sidecar])).toBe(2)
    expect((await setup.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })
})

describe('a superseded job that is ordered again', () => {
  const superseded = async () => {
    const { setup, first } = await withFirstJob()
    await setup.upload(SIDECAR, OTHER)
    expect(await setup.stoppedBy(first.job_id)).toBe('ingest')
    return { setup, first }
  }

  test('by its image without the sidecar is no longer cancelled', async () => {
    const { setup, first } = await superseded()
    await setup.input.delete(SIDECAR, unaborted)
    await untilIngested(setup, [await setup.put(IMAGE, await aPng())])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
    expect((await setup.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test.each([
    ['its image without the sidecar', IMAGE],
    ['a manifest', MANIFEST],
  ])('by %s is rendered although it was cancelled', async (_, key) => {
    const { setup, first } = await superseded()
    await setup.end(first, 'cancelled')
    await setup.input.delete(SIDECAR, unaborted)
    const again = await setup.put(key, key === IMAGE ? await aPng() : NAMES_IMAGE)
    expect(await untilIngested(setup, [again])).toBe(1)
    expect(setup.hasResult(first.job_id)).toBe(false)
    expect(setup.hasArchivedResult(first.job_id)).toBe(true)
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
    expect(setup.sent().filter((jobId) => jobId === first.job_id)).toHaveLength(2)
    expect((await setup.report(key))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test('by a sidecar is no longer reported as superseded', async () => {
    const { setup, first } = await superseded()
    await untilIngested(setup, [await setup.put(SIDECAR, '{}')])
    const second = jobAt(setup, 1)
    expect(await setup.superseded()).toEqual([{ job_id: second.job_id, outcome: 'cancelled' }])
    expect(await setup.stoppedBy(first.job_id)).toBeNull()
  })
})
