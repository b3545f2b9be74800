import { Argument, type Command } from 'commander'
import { DOCUMENT_NAMES, type DocumentName, jsonSchemaOf } from '../../shared/contracts/json-schema.ts'
import type { CommandContext } from './command-context.ts'

const NOTES = `
manifest and sidecar are what one drops, to be checked while they are written; a manifest as .jsonl has on each line
what the schema has under items. job is a message of the queue; result, status and report are what the output bucket
has under jobs/, status/ and reports/; event is what svd local --events and notify on AWS give.

  svd schema manifest > manifest.schema.json
`

export const addSchemaOptions = (command: Command): Command =>
  command
    .summary('print the JSON Schema of a document')
    .description('Prints the JSON Schema of a document that svd-batch reads or writes.')
    .addArgument(new Argument('<document>', 'which').choices(DOCUMENT_NAMES))
    .addHelpText('after', NOTES)

export const runSchema = (document: DocumentName, { stdout }: Pick<CommandContext, 'stdout'>): void => {
  stdout.write(`${JSON.stringify(jsonSchemaOf(document), null, 2)}\n`)
}
