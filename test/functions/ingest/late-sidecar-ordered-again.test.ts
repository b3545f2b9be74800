import { describe, expect, test } from 'vitest'
import { CANCEL_PREFIX, cancelKey } from '../../../shared/contracts/bucket-layout.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { IMAGE, MANIFEST, NAMES_IMAGE, OTHER, SIDECAR } from './a-late-sidecar.ts'
import { s3Event } from './a-world.ts'
import { untilIngested } from './until-ingested.ts'
import { jobAt, type World, withFirstJob } from './with-first-job.ts'

describe('a job that is ordered while it is being cancelled', () => {
  /** Orders the first job by a manifest at a moment of the run that cancels it. */
  const ordered = async (moment: 'before' | 'after', isQuick = false) => {
    let armed = false
    let manifest: Awaited<ReturnType<World['put']>> | undefined
    const rounds: number[] = []
    const { world, first } = await withFirstJob({
      outputFaults: {
        async [moment](operation: string, key: string) {
          if (!armed || operation !== 'create' || key !== cancelKey(first.job_id)) return
          armed = false
          if (isQuick) await world.end(first, 'cancelled')
          rounds.push(await untilIngested(world, [manifest ?? expect.fail('no manifest')]))
        },
      },
    })
    manifest = await world.put(MANIFEST, NAMES_IMAGE)
    const sidecar = await world.put(SIDECAR, OTHER)
    armed = true
    rounds.push(await untilIngested(world, [sidecar]))
    return { world, first, rounds }
  }

  test('goes on, if the order came before the marker', async () => {
    const { world, first, rounds } = await ordered('before')
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The run that cancels it has to come again.
    expect(rounds).toEqual([1, 2])
  })

  test('goes on, if the order came after the marker', async () => {
    const { world, first, rounds } = await ordered('after')
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
    // The run that orders it has to come again.
    expect(rounds[0]).toBe(2)
  })

  test('is queued once more, if a worker was quick to stop it', async () => {
    const { world, first } = await ordered('after', true)
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(world.hasArchivedResult(first.job_id)).toBe(true)
    expect(world.sent().filter((jobId) => jobId === first.job_id).length).toBeGreaterThan(1)
    expect((await world.report(MANIFEST))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test('is queued once more by the run that cancels it, if that finds the order too late', async () => {
    let manifest: Awaited<ReturnType<World['put']>> | undefined
    const { world, first } = await withFirstJob({
      outputFaults: {
        async before(operation, key) {
          if (manifest === undefined || operation !== 'create' || !key.startsWith(CANCEL_PREFIX)) return
          await untilIngested(world, [manifest])
        },
        async after(operation, key) {
          if (operation === 'create' && key.startsWith(CANCEL_PREFIX)) await world.end(first, 'cancelled')
        },
      },
    })
    manifest = await world.put(MANIFEST, NAMES_IMAGE)
    await untilIngested(world, [await world.put(SIDECAR, OTHER)])
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(world.sent().filter((jobId) => jobId === first.job_id).length).toBeGreaterThan(1)
    expect(await world.superseded()).toEqual([{ job_id: first.job_id, outcome: 'kept' }])
  })

  test('is queued once more, if a worker stops it between the marker and the next run', async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, OTHER)
    const manifest = await world.put(MANIFEST, NAMES_IMAGE)
    await expect(world.ingest(s3Event(manifest))).rejects.toThrow('1 of 1 objects could not be ingested')
    await world.end(first, 'cancelled')
    await world.ingest(s3Event(manifest))
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(world.sent().filter((jobId) => jobId === first.job_id)).toHaveLength(2)
  })

  test.each(['before', 'after'] as const)(
    'goes on, if the same image orders it %s the marker',
    async (moment) => {
      let armed = false
      const { world, first } = await withFirstJob({
        outputFaults: {
          async [moment](operation: string, key: string) {
            if (!armed || operation !== 'create' || key !== cancelKey(first.job_id)) return
            armed = false
            // A run in another process, which sees the sidecar as it is by now.
            await untilIngested(world, [await world.put(SIDECAR, '{}')])
          },
        },
      })
      const sidecar = await world.put(SIDECAR, OTHER)
      armed = true
      await untilIngested(world, [sidecar])
      expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
      expect(await world.stoppedBy(first.job_id)).toBeNull()
    },
  )

  test('goes on, if the same image orders it, and the marker comes just before its report', async () => {
    let armed = false
    const { world, first } = await withFirstJob({
      outputFaults: {
        async before(operation, key) {
          if (!armed || operation !== 'replace' || !key.startsWith('reports/')) return
          armed = false
          await world.output.put(
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
    await world.drop(SIDECAR, OTHER)
    await world.output.delete(cancelKey(first.job_id), unaborted)
    const sidecar = await world.put(SIDECAR, '{}')
    armed = true
    expect(await untilIngested(world, [sidecar])).toBe(2)
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })
})

describe('a job that was superseded, and is ordered again', () => {
  const superseded = async () => {
    const { world, first } = await withFirstJob()
    await world.drop(SIDECAR, OTHER)
    expect(await world.stoppedBy(first.job_id)).toBe('ingest')
    return { world, first }
  }

  test('by its image without the sidecar, is not cancelled any more while it waits', async () => {
    const { world, first } = await superseded()
    await world.input.delete(SIDECAR, unaborted)
    await untilIngested(world, [await world.put(IMAGE, await aPng())])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect((await world.report(IMAGE))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test.each([
    ['its image without the sidecar', IMAGE],
    ['a manifest', MANIFEST],
  ])('by %s, is rendered though it was cancelled', async (_, key) => {
    const { world, first } = await superseded()
    await world.end(first, 'cancelled')
    await world.input.delete(SIDECAR, unaborted)
    const again = await world.put(key, key === IMAGE ? await aPng() : NAMES_IMAGE)
    expect(await untilIngested(world, [again])).toBe(1)
    expect(world.hasResult(first.job_id)).toBe(false)
    expect(world.hasArchivedResult(first.job_id)).toBe(true)
    expect(await world.stoppedBy(first.job_id)).toBeNull()
    expect(world.sent().filter((jobId) => jobId === first.job_id)).toHaveLength(2)
    expect((await world.report(key))?.jobs).toMatchObject([{ job_id: first.job_id, done_before: false }])
  })

  test('by a sidecar, is not among the superseded any more', async () => {
    const { world, first } = await superseded()
    await untilIngested(world, [await world.put(SIDECAR, '{}')])
    const second = jobAt(world, 1)
    expect(await world.superseded()).toEqual([{ job_id: second.job_id, outcome: 'cancelled' }])
    expect(await world.stoppedBy(first.job_id)).toBeNull()
  })
})
