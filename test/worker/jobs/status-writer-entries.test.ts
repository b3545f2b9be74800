import { describe, expect, test } from 'vitest'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aRejectedVideo } from './a-rejected-video.ts'
import { ANOTHER, aStatusWriter, denoise, ID } from './a-status-writer.ts'

describe('the status entry of an attempt', () => {
  test('exists while the attempt renders, and is removed after that', async () => {
    const { writer, later, entries } = aStatusWriter()
    const seen: unknown[] = []

    for (const state of ['preparing', 'rendering', 'publishing'] as const) {
      writer.report({ state })
      await later(1_500)
      seen.push(entries())
    }

    expect(seen).toEqual([[], [ID], []])
  })

  test('is removed before the writer has settled after the render', async () => {
    const { writer, later, entries } = aStatusWriter()
    writer.report({ state: 'rendering' })
    await later(1)
    writer.report({ state: 'publishing' })
    let settledWith: readonly string[] | undefined
    void writer.settled().then(() => {
      settledWith = entries()
    })

    await later(0)
    expect([entries(), settledWith]).toEqual([[ID], undefined])
    await later(3_000)
    expect(settledWith).toEqual([])
  })

  test('stays with the reason of a failure, beside the entries of other attempts', async () => {
    const { writer, another, written } = aStatusWriter()
    await another('queued', { attempt: 1, workerId: 'worker-0' }, [ANOTHER])

    const counted = await writer.end({ state: 'queued', message: 'it crashed', failed: true })

    expect(counted).toEqual([ANOTHER, expect.objectContaining({ id: ID, reason: 'it crashed' })])
    expect(written().at(-1)?.attempts).toEqual(counted)
  })

  test('records that the clip failed its checks', async () => {
    const { writer } = aStatusWriter()
    const failed = { failed: true, failedChecks: true } as const
    const counted = await writer.end({ state: 'queued', message: 'it is black', ...failed })
    expect(counted).toEqual([expect.objectContaining({ id: ID, reason: 'it is black', failed_checks: true })])
  })

  test('names the stored clip that failed its checks, also after the job has ended', async () => {
    const { writer, another, written } = aStatusWriter()
    await another('queued', { attempt: 1, workerId: 'worker-0' })
    const rejected = [aRejectedVideo(ID, 'worker-1')]
    const failed = { failed: true, failedChecks: true, rejected } as const

    const counted = await writer.end({ state: 'queued', message: 'it is black', ...failed })
    await writer.end({ state: 'failed', message: 'it is black' })

    expect(counted).toMatchObject([{ id: ID, rejected }])
    expect(written().at(-1)).toMatchObject({ state: 'failed', attempts: [{ rejected }] })
  })

  test.each(['replace', 'create'] as const)(
    'is written also when another worker writes just before its %s',
    async (operation) => {
      let raced = false
      const { writer, another, later, entries } = aStatusWriter({
        async before(asked) {
          if (asked !== operation || raced) return
          raced = true
          await another('rendering', { attempt: 1, workerId: 'worker-2' }, [ANOTHER])
        },
      })
      if (operation === 'replace') await another('queued', { attempt: 0, workerId: 'ingest' })

      writer.report(denoise(1))
      await later(1)

      expect(entries()).toEqual([ANOTHER.id, ID])
    },
  )

  test('exists once when the answer to its write was lost', async () => {
    let lost = 1
    const { writer, another, later, entries } = aStatusWriter({
      after(operation) {
        if (operation === 'replace' && lost-- > 0) throw new Error('no answer')
      },
    })
    await another('queued', { attempt: 0, workerId: 'ingest' })

    writer.report(denoise(1))
    await later(3_000)

    expect(entries()).toEqual([ID])
  })

  test('is written when the store answers again, without another report', async () => {
    let away = true
    const { writer, later, entries } = aStatusWriter({
      before() {
        if (away) throw new Error('503')
      },
    })

    writer.report(denoise(1))
    await later(30_000)
    away = false
    await later(1_000)

    expect(entries()).toEqual([ID])
  })

  test('is removed later when this process could not remove it before, unless the attempt failed', async () => {
    const { writer, another, entries } = aStatusWriter({}, 2, new Set(['left', 'failed']))
    await another('rendering', { attempt: 1, workerId: 'worker-1' }, [
      { ...ANOTHER, id: 'left', reason: null },
      { ...ANOTHER, id: 'failed' },
      { ...ANOTHER, id: 'vanished elsewhere', reason: null },
    ])

    const counted = await writer.readAttempts(unaborted)
    await writer.end({ state: 'queued' })

    expect(counted.map(({ id }) => id)).toEqual(['failed', 'vanished elsewhere'])
    expect(entries()).toEqual(['failed', 'vanished elsewhere'])
  })

  test('is alive for one lease after each renewal of the lease', async () => {
    const { writer, later, written } = aStatusWriter()
    writer.report(denoise(1))
    await later(60_000)

    writer.renew()
    await later(1)

    expect(written().map(({ attempts }) => attempts[0]?.alive_until)).toEqual([
      '2026-01-01T00:02:00.000Z',
      '2026-01-01T00:03:00.000Z',
    ])
  })

  test('is not created when the lease is renewed while nothing renders', async () => {
    const { writer, later, written } = aStatusWriter()
    writer.report({ state: 'preparing' })
    await later(2_000)

    writer.renew()
    await later(2_000)

    expect(written().length).toBe(1)
  })
})
