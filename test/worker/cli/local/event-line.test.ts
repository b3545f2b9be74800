import { expect, test } from 'vitest'
import { localEventLine } from '../../../../worker/cli/local/event-line.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { anOutput, aResult, someQuality } from '../../../fixtures/job-records.ts'

const JOB = jobIdLike('ab12')

test('the line of a succeeded job has its duration, or the warnings of its clips', () => {
  const warned = anOutput(JOB, 'video', { quality: { ...someQuality, warnings: ['likeness: low'] } })
  const lineOf = (outputs: readonly (typeof warned)[]) =>
    localEventLine({ type: 'job-done', jobId: JOB, result: aResult({ jobId: JOB, outputs: [...outputs] }) })

  expect(lineOf([anOutput(JOB)])).toBe('ab120000  succeeded: images/cup.png, 13.7 s')
  expect(lineOf([warned])).toBe('ab120000  succeeded: images/cup.png, published with warnings: likeness: low')
})

test('the line of a rejected clip has its files, or the reason why they are not all kept', () => {
  const lineOf = (videos: readonly string[], failure: string | null) =>
    localEventLine({ type: 'clip-rejected', jobId: JOB, videos, failure })

  expect(lineOf(['a.mp4', 'b.mp4'], null)).toBe('ab120000  clip rejected: a.mp4, b.mp4')
  expect(lineOf([], 'AccessDenied')).toBe('ab120000  clip rejected: not all of it is kept: AccessDenied')
})
