import type { PipelineEvent, RequestEnded } from '../../../shared/contracts/pipeline-event.ts'
import type { NotifySetup } from './notify-setup.ts'

/** Events of requests that notify has published. */
export const requests = ({ published }: Pick<NotifySetup, 'published'>): readonly RequestEnded[] =>
  published.filter((event) => event.type === 'request.ended')

export const ids = (events: readonly PipelineEvent[]): readonly string[] =>
  events.map(({ event_id }) => event_id)

/** Id of the job that ingest queued first; empty if there is none. */
export const firstJob = (setup: NotifySetup): string => setup.jobIds()[0] ?? ''
