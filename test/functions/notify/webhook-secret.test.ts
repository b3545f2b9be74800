import { expect, test } from 'vitest'
import { cachedSecret, SECRET_CACHE_MS } from '../../../functions/notify/webhook-secret.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const SECRETS = ['a'.repeat(32), 'b'.repeat(32)]

const aSecret = (answers: readonly (string | Error)[]) => {
  let nowMs = 0
  let reads = 0
  const read = async (): Promise<string> => {
    const answer = answers[reads++]
    if (typeof answer !== 'string') throw answer
    return answer
  }
  const secretOf = cachedSecret(read, () => new Date(nowMs))
  return {
    get: () => secretOf(unaborted),
    wait: (ms: number) => {
      nowMs += ms
    },
    reads: () => reads,
  }
}

test('the webhook secret is read once for some minutes, also by concurrent calls, and then again', async () => {
  const secret = aSecret(SECRETS)

  expect(await Promise.all([secret.get(), secret.get()])).toEqual([SECRETS[0], SECRETS[0]])
  secret.wait(SECRET_CACHE_MS - 1)
  expect([await secret.get(), secret.reads()]).toEqual([SECRETS[0], 1])
  secret.wait(1)
  expect([await secret.get(), secret.reads()]).toEqual([SECRETS[1], 2])
})

test('a failed read of the webhook secret throws, and the next call reads again', async () => {
  const secret = aSecret([new Error('throttled'), SECRETS[0] ?? ''])

  await expect(secret.get()).rejects.toThrow('throttled')
  expect(await secret.get()).toBe(SECRETS[0])
})

test('a webhook secret that is too short is refused with the fix', async () => {
  await expect(aSecret(['short']).get()).rejects.toThrow(
    'svd:webhookHmacSecret: the secret has 5 characters, and must have at least 32; store a random one',
  )
})
