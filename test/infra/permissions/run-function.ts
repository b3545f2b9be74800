import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../${file}`, import.meta.url))

/** Returns the handler's answer to each event. The handler runs in a process that has `environment` alone. */
export const runFunction = async (
  name: 'ingest' | 'dispatch' | 'notify',
  events: readonly unknown[],
  environment: Readonly<Record<string, string>>,
): Promise<readonly unknown[]> => {
  await using folder = await mkdtempDisposable(path.join(tmpdir(), 'svd-test-'))
  const [asked, answered] = [path.join(folder.path, 'events.json'), path.join(folder.path, 'answers.json')]
  await writeFile(asked, JSON.stringify(events))
  const caller = inRepository('test/infra/permissions/call-handler.ts')
  await execa(process.execPath, [caller, inRepository(`functions/${name}/handler.ts`), asked, answered], {
    extendEnv: false,
    env: environment,
  })
  return JSON.parse(await readFile(answered, 'utf8'))
}
