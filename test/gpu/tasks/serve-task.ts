import type { z } from 'zod'

/** Sends a row to the process that started this one. A task that is run by hand prints it instead. */
export type Emit = (row: Readonly<Record<string, unknown>>) => void

const emit: Emit = (row) => {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(row)}\n`)
  else process.send(row)
}

/**
 * Does what the process was started for: `node test/gpu/tasks/x.ts REQUEST`, with the request as JSON. Rows that were
 * emitted before a failure count.
 */
export const serveTask = async <Request>(
  schema: z.ZodType<Request>,
  work: (request: Request, emit: Emit) => Promise<void>,
): Promise<void> => {
  await work(schema.parse(JSON.parse(process.argv[2] ?? 'null')), emit)
  process.disconnect?.()
}
