import { expect, test } from 'vitest'
import { encodeJobMessage, jobMessageSchema } from '../../../shared/contracts/job-message.ts'
import { aJobMessage } from '../../fixtures/a-job-message.ts'

test('a job message is ASCII for any image name, and is parsed into the same message', () => {
  const job = aJobMessage()
  const named = { ...job, image: { ...job.image, source_key: 'images/Äpfel 🍎\u2028.png' } }
  const body = encodeJobMessage(named)
  expect(body).toMatch(/^[\x20-\x7e]+$/)
  expect(jobMessageSchema.parse(JSON.parse(body))).toEqual(named)
})
