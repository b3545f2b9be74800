import { readFile, writeFile } from 'node:fs/promises'

/*
 * Calls a function's handler with one event after the other, as Lambda calls it:
 *   node call-handler.ts HANDLER EVENTS.json ANSWERS.json
 */
const [, , module = '', events = '', answers = ''] = process.argv
const { handler } = await import(module)
const context = { awsRequestId: 'request', functionName: 'svd', getRemainingTimeInMillis: () => 60_000 }
const given: unknown[] = []
for (const event of JSON.parse(await readFile(events, 'utf8'))) {
  given.push((await handler(event, context)) ?? null)
}
await writeFile(answers, JSON.stringify(given))
