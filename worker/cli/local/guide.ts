import type { EmbeddedEndpoint } from '../../local/embedded-endpoint.ts'
import type { PersistentState } from '../../local/persistent-state.ts'
import { COMMAND } from '../own-command.ts'
import { counted } from '../terminal/short-text.ts'

/** Command that sets a variable in the platform's shell: PowerShell, or a POSIX shell. */
const setVariable = (name: string, value: string): string =>
  process.platform === 'win32' ? `$env:${name} = '${value}'` : `export ${name}=${value}`

/** Line about what a data folder has. */
const earlierWorkLine = ({
  folder,
  earlierWork,
}: Pick<PersistentState, 'folder' | 'earlierWork'>): string => {
  const { uploads, waiting, ended } = earlierWork
  const left = `${counted(uploads, 'upload')} to ingest, ${counted(waiting.length, 'job')} waiting, ${ended} ended`
  return uploads + waiting.length + ended === 0 ? `${folder} is new.` : `In ${folder}: ${left}.`
}

/** Text that `svd local` prints when its endpoint is up. */
export const startGuide = (
  { url, environment }: Pick<EmbeddedEndpoint, 'url' | 'environment'>,
  persistentState: Pick<PersistentState, 'folder' | 'earlierWork'> | null,
): string => `
${persistentState === null ? '' : `${earlierWorkLine(persistentState)}\n`}S3 and SQS are at ${url}. For clients in another terminal:

${Object.entries(environment)
  .map(([name, value]) => `  ${setVariable(name, value)}`)
  .join('\n')}

Then, for example:

  aws s3 cp photo.png s3://${environment['SVD_INPUT_BUCKET']}/images/
  ${COMMAND} submit photo.png --wait --download videos
  ${COMMAND} watch

Ctrl-C ends it.

`

/** Lines about how to go on with a data folder, for when `svd local` has ended. */
export const endGuide = ({ folder }: Pick<PersistentState, 'folder'>): string =>
  `Everything is kept in ${folder}. To go on, start it again with the same options:\n  ${COMMAND} local --data-dir ${JSON.stringify(folder)} …`
