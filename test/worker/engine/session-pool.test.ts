import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createGraph } from '../../../worker/compiler/graph/graph.ts'
import type { SessionOptions } from '../../../worker/engine/session.ts'
import { createSessionPool, type OpenSession } from '../../../worker/engine/session-pool.ts'

/** A pool whose sessions only record events. */
const aPool = (keep: 'all' | 'one') => {
  const events: string[] = []
  const options: SessionOptions[] = []
  const open: OpenSession = async ({ name }, given) => {
    events.push(`open ${name}`)
    options.push(given)
    return {
      name,
      run: async () => ({}),
      async [Symbol.asyncDispose]() {
        await nextTurn()
        events.push(`close ${name}`)
      },
    }
  }
  const pool = createSessionPool({ keep, threads: 3 }, open)
  const use = (key: string) => pool.session(key, () => createGraph(key))
  return { pool, events, options, use }
}

describe('a pool that keeps all sessions', () => {
  test('opens each network once, and records its graph only then', async () => {
    const { pool, events, use } = aPool('all')
    const first = await use('unet')
    await use('vae')
    const never = () => {
      throw new Error('recorded again')
    }
    expect(await pool.session('unet', never)).toBe(first)
    expect(events).toEqual(['open unet', 'open vae'])
  })

  test('closes sessions that are not retained, and opens them again when they are requested', async () => {
    const { pool, events, use } = aPool('all')
    for (const key of ['small/unet', 'small/vae', 'large/unet']) await use(key)
    await pool.retain((key) => key.startsWith('large/'))
    await use('large/unet')
    await use('small/vae')
    expect(events.slice(3)).toEqual(['close small/unet', 'close small/vae', 'open small/vae'])
  })

  test('closes all sessions when it is disposed', async () => {
    const { pool, events, use } = aPool('all')
    await use('unet')
    await use('vae')
    await pool[Symbol.asyncDispose]()
    expect(events.slice(2)).toEqual(['close unet', 'close vae'])
  })
})

describe('a pool that keeps one session', () => {
  test('closes it before it opens the next', async () => {
    const { events, use } = aPool('one')
    await use('unet')
    await use('unet')
    await use('vae')
    expect(events).toEqual(['open unet', 'close unet', 'open vae'])
  })

  test('keeps two sessions that take turns, and closes both before it opens another', async () => {
    const { pool, events, use } = aPool('one')
    await use('encoder')
    for (let step = 0; step < 2; step++) {
      await use('unet')
      await pool.session('euler', () => createGraph('euler'), { beside: true })
    }
    await use('vae')
    expect(events).toEqual([
      ...['open encoder', 'close encoder', 'open unet', 'open euler'],
      ...['close unet', 'close euler', 'open vae'],
    ])
  })

  test('closes its session before the next graph is recorded', async () => {
    const { pool, events, use } = aPool('one')
    await use('unet')
    const record = () => {
      events.push('record vae')
      return createGraph('vae')
    }
    await pool.session('vae', record)
    expect(events).toEqual(['open unet', 'close unet', 'record vae', 'open vae'])
  })
})

test('sessions get the threads of the pool', async () => {
  const { pool, options, use } = aPool('all')
  await use('vae')
  await pool.session('unet', () => createGraph('unet'))
  expect(options).toEqual([{ threads: 3 }, { threads: 3 }])
})

test('a network that cannot be opened leaves the pool unchanged', async () => {
  let broken = true
  const pool = createSessionPool({ keep: 'all', threads: 1 }, async ({ name }) => {
    if (broken) throw new Error('no memory')
    return { name, run: async () => ({}), async [Symbol.asyncDispose]() {} }
  })
  const use = () => pool.session('unet', () => createGraph('unet'))
  await expect(use()).rejects.toThrow('no memory')
  broken = false
  expect((await use()).name).toBe('unet')
})
