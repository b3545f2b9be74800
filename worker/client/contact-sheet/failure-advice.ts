import type { FailureClass } from '../../../shared/contracts/result-record.ts'
import { type Html, html } from './html.ts'

const redrive = (jobId: string): Html => html`<code>npx svd redrive --job ${jobId}</code>`

const rerun = (jobId: string, change: string): Html => html`<code>npx svd rerun ${jobId} ${change}</code>`

/** Advice about a failed job. */
export const failureAdvice = (failure: FailureClass, jobId: string): Html => {
  switch (failure) {
    case 'invalid-input':
      return html`The same request would fail again: change the image or the parameters, and submit it again.`
    case 'quality':
      return html`Look at the clip that failed. Render it anew with another seed, less motion or more steps: ${rerun(jobId, '--seed 7')}. If a worker may be at fault, bring the job back: ${redrive(jobId)}`
    case 'does-not-fit':
      return html`Render it anew with a smaller size or fewer frames: ${rerun(jobId, '--num-frames 8')}. Or start a worker with more memory and bring the job back: ${redrive(jobId)}`
    case 'exhausted':
      return html`Remove the cause, and bring the job back: ${redrive(jobId)}`
  }
}

/** Advice about an upload that ingest rejected, whole or in part. */
export const uploadAdvice = (state: 'accepted' | 'partly' | 'rejected'): Html =>
  state === 'partly'
    ? html`Correct these items and upload the file again. Items that were accepted are not rendered twice.`
    : html`Correct this and upload it again.`
