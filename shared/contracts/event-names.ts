import type { PipelineEvent } from './pipeline-event.ts'

/*
 * How events are named on EventBridge and SNS, for the rules and filter policies of subscribers. Changing a name breaks
 * them.
 */

/** `source` of the pipeline's events on EventBridge. */
export const EVENT_SOURCE = 'svd-batch'

/** `detail-type` on EventBridge, by type of event. */
export const DETAIL_TYPES: Readonly<Record<PipelineEvent['type'], string>> = {
  'request.ended': 'Request Ended',
  'batch.ended': 'Batch Ended',
  'upload.rejected': 'Upload Rejected',
}

/** Header in which the webhook's receiver gets its API key. */
export const API_KEY_HEADER = 'x-api-key'

/** Message attributes on SNS. `state` is that of the request's job or of the batch's manifest. */
export const attributesOf = (event: PipelineEvent): Readonly<Record<string, string>> => ({
  type: event.type,
  upload_kind: event.upload.kind,
  state: event.type === 'upload.rejected' ? 'rejected' : event.state,
})
