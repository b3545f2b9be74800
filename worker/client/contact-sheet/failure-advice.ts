import type { FailureClass } from '../../../shared/contracts/result-record.ts'
import { type Html, html } from './html.ts'

const redrive = (jobId: string): Html => html`<code>npx svd redrive --job ${jobId}</code>`

/** Advice about a failed job. */
export const failureAdvice = (failure: FailureClass, jobId: string): Html => {
  switch (failure) {
    case 'invalid-input':
      return html`The same request would fail again: change the image or the parameters, and submit it again.`
    case 'quality':
      return html`Look at the clip that failed. Submit the image again with another seed, less motion or more steps. If a worker may be at fault, bring the job back: ${redrive(jobId)}`
    case 'does-not-fit':
      return html`Submit it with a smaller size or fewer frames, or start a worker with more memory and bring the job back: ${redrive(jobId)}`
    case 'exhausted':
      return html`Remove the cause, and bring the job back: ${redrive(jobId)}`
  }
}

/** Advice about an upload that ingest rejected, whole or in part. */
export const uploadAdvice = (state: 'accepted' | 'partly' | 'rejected'): Html =>
  state === 'partly'
    ? html`Correct these items and upload the file again. Items that were accepted are not rendered twice.`
    : html`Correct this and upload it again.`
