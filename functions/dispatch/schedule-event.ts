import { z } from 'zod'

/** The fields of an EventBridge event that dispatch reads. An event has more. */
const scheduleEventSchema = z.object({ id: z.string(), time: z.iso.datetime() })

export interface ScheduleEvent {
  /** The same when it comes a second time. */
  readonly id: string
  /** ISO 8601. */
  readonly time: string
}

/** Throws a ZodError for what is no event of EventBridge. */
export const parseScheduleEvent = (event: unknown): ScheduleEvent => scheduleEventSchema.parse(event)
