import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { openReceiver, type WebhookEvent } from '../../examples/receive-webhook.ts'
import { API_KEY_HEADER } from '../../shared/contracts/event-names.ts'
import { signEvent } from '../../shared/events/sign-event.ts'
import { aRequestEnded } from '../fixtures/pipeline-events.ts'

const START = Date.UTC(2026, 0, 2, 3, 4, 5)
const HOUR_MS = 3_600_000
const [NEW, OLD] = ['n'.repeat(32), 'o'.repeat(32)]

const aReceiver = (secrets: readonly string[] = [NEW]) => {
  let nowMs = START
  let failing = false
  const handled: WebhookEvent[] = []
  const receive = openReceiver({
    ...{ apiKey: 'key', secrets, now: () => new Date(nowMs) },
    handle: async (event) => {
      if (failing) throw new Error('the database is down')
      handled.push(event)
    },
  })
  return {
    ...{ receive, handled },
    wait: (ms: number) => {
      nowMs += ms
    },
    fail: (isFailing: boolean) => {
      failing = isFailing
    },
  }
}

const aBody = (n = 1, secret = NEW): string =>
  JSON.stringify(signEvent(aRequestEnded(n), secret, new Date(START)))

describe('the example webhook receiver', () => {
  test('handles a signed event once, even when EventBridge delivers it twice', async () => {
    const { receive, handled } = aReceiver()

    expect([await receive('key', aBody()), await receive('key', aBody())]).toEqual([204, 204])
    expect(handled).toEqual([aRequestEnded(1)])
  })

  test('answers 401 to a wrong API key, so that EventBridge retries', async () => {
    const { receive, handled } = aReceiver()

    expect(await receive('other', aBody())).toBe(401)
    expect(await receive('', aBody())).toBe(401)
    expect(handled).toEqual([])
  })

  test.each([
    ['payload', (text: string) => text.replace('succeeded', 'cancelled')],
    ['signed_at', (text: string) => text.replace('2026-01-02T03:04:05.000Z', '2026-01-02T03:04:06.000Z')],
    ['hmac_sha256', (text: string) => text.replace(/"hmac_sha256":"./, '"hmac_sha256":"g')],
  ])('answers 401 to an event whose %s was changed', async (_, change) => {
    const { receive, handled } = aReceiver()
    const changed = change(aBody())

    expect(changed).not.toBe(aBody())
    expect(await receive('key', changed)).toBe(401)
    expect(handled).toEqual([])
  })

  test.each(['', '{}', 'null', '[]', JSON.stringify(aRequestEnded(1))])(
    'answers 400 to a body that is not a signed event: $0',
    async (body) => {
      expect(await aReceiver().receive('key', body)).toBe(400)
    },
  )

  test('accepts the old and the new secret during a rotation, and only the new one afterwards', async () => {
    const { receive, handled } = aReceiver([NEW, OLD])

    expect([await receive('key', aBody(1, NEW)), await receive('key', aBody(2, OLD))]).toEqual([204, 204])
    expect(handled).toHaveLength(2)
    expect(await aReceiver([NEW]).receive('key', aBody(1, OLD))).toBe(401)
  })

  test('accepts an event during the 24 hours in which EventBridge retries, and refuses it later', async () => {
    const { receive, wait } = aReceiver()
    wait(24 * HOUR_MS)
    expect(await receive('key', aBody(1))).toBe(204)
    wait(HOUR_MS + 1)
    expect([await receive('key', aBody(1)), await receive('key', aBody(2))]).toEqual([400, 400])
  })

  test('refuses an event that was signed more than five minutes in the future', async () => {
    const { receive, wait } = aReceiver()
    wait(-5 * 60_000 - 1)
    expect(await receive('key', aBody())).toBe(400)
  })

  test('answers 503 when its handler fails, and handles the next delivery of the event', async () => {
    const { receive, handled, fail } = aReceiver()
    fail(true)
    expect(await receive('key', aBody())).toBe(503)
    fail(false)
    expect(await receive('key', aBody())).toBe(204)
    expect(handled).toHaveLength(1)
  })

  test('answers over HTTP and prints the event when it runs as a program', async () => {
    const program = fileURLToPath(new URL('../../examples/receive-webhook.ts', import.meta.url))
    const child = spawn(process.execPath, [program, '0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { SVD_WEBHOOK_API_KEY: 'key', SVD_WEBHOOK_SECRETS: `${NEW},${OLD}` },
    })
    onTestFinished(() => void child.kill())
    const firstLine = async (stream: NodeJS.ReadableStream): Promise<string> => {
      for await (const line of createInterface({ input: stream })) return line
      throw new Error('the program ended')
    }
    const port = /"port":(\d+)/.exec(await firstLine(child.stderr))?.[1]
    const body = JSON.stringify(signEvent(aRequestEnded(1), OLD, new Date()))
    const post = (key: string) =>
      fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers: { [API_KEY_HEADER]: key } })

    expect([(await post('other')).status, (await post('key')).status]).toEqual([401, 204])
    expect(JSON.parse(await firstLine(child.stdout))).toEqual(aRequestEnded(1))
  })
})
