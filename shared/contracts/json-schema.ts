import { z } from 'zod'
import { ingestReportSchema } from './ingest-report.ts'
import { jobMessageSchema } from './job-message.ts'
import { manifestSchema, sidecarSchema } from './manifest.ts'
import { pipelineEventSchema } from './pipeline-event.ts'
import { resultRecordSchema } from './result-record.ts'
import { statusRecordSchema } from './status-record.ts'

/** The documents that others read or write. */
const SCHEMAS = {
  manifest: manifestSchema,
  sidecar: sidecarSchema,
  job: jobMessageSchema,
  result: resultRecordSchema,
  status: statusRecordSchema,
  report: ingestReportSchema,
  event: pipelineEventSchema,
} as const

export type DocumentName = keyof typeof SCHEMAS

export const DOCUMENT_NAMES = Object.keys(SCHEMAS) as readonly DocumentName[]

/** A document's JSON Schema (draft 2020-12), for editors and other languages. */
export const jsonSchemaOf = (name: DocumentName) => {
  const { $schema, ...schema } = z.toJSONSchema(SCHEMAS[name], {
    io: 'input',
    // A bigint is what a program may pass for a seed; a document cannot have one.
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // A value that may be null has choices too, but zod has not yet filled them here.
      if (zodSchema._zod.def.type !== 'union' || jsonSchema.anyOf === undefined) return
      jsonSchema.anyOf = jsonSchema.anyOf.filter((choice) => Object.keys(choice).length > 0)
    },
  })
  // Of an event the type is said by each of its kinds alone.
  return { $schema, title: `svd-batch ${name}`, type: 'object', ...schema }
}
