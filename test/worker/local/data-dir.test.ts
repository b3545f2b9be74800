import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { DATA_DIR_FORMAT, openDataDir } from '../../../worker/local/data-dir.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const now = (): Date => new Date('2026-03-01T08:00:00Z')
const HOLDER = fileURLToPath(new URL('./fixtures/use-data-dir.ts', import.meta.url))

const open = async (folder: string) => {
  const dir = await openDataDir(folder, now)
  onTestFinished(() => dir[Symbol.dispose]())
  return dir
}

const refusal = async (folder: string): Promise<string> =>
  await openDataDir(folder, now).then(
    (dir) => {
      dir[Symbol.dispose]()
      return 'opened'
    },
    (error: Error) => error.message,
  )

/** A process that uses the folder. */
const useElsewhere = async (folder: string) => {
  const child = spawn(process.execPath, [HOLDER, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('openDataDir creates a folder and opens it again after it was closed', async () => {
  const folder = path.join(await temporaryDir(), 'new/data')
  const first = await openDataDir(folder, now)
  first.records.exec("INSERT INTO waiting VALUES ('uploads', 'images/a.png', 1)")
  first[Symbol.dispose]()
  expect(await readdir(folder)).toEqual(['svd.sqlite'])
  const { records } = await open(folder)
  expect(records.prepare('SELECT key FROM waiting').all()).toMatchObject([{ key: 'images/a.png' }])
})

describe('a data folder that another process uses', () => {
  test('is refused with an error that names that process', async () => {
    const folder = await temporaryDir()
    const { pid } = await useElsewhere(folder)
    expect(await refusal(folder)).toBe(
      `--data-dir: got '${folder}', which another svd local uses (process ${pid}, since 2026-03-01T08:00:00.000Z, at http://127.0.0.1:4566); end that one, or choose another folder`,
    )
  })

  test('is free after that process was killed', async () => {
    const folder = await temporaryDir()
    const child = await useElsewhere(folder)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await readdir(folder)).toContain('in-use-by.json')
    await open(folder)
    expect(JSON.parse(await readFile(path.join(folder, 'in-use-by.json'), 'utf8'))).toEqual({
      ...{ pid: process.pid, since: '2026-03-01T08:00:00.000Z', url: null },
    })
  })

  test('is refused to a second open in the same process, also after an earlier open was closed', async () => {
    const folder = await temporaryDir()
    for (let turn = 0; turn < 2; turn++) {
      const dir = await openDataDir(folder, now)
      expect(await refusal(folder)).toContain(`which another svd local uses (process ${process.pid}, since`)
      dir[Symbol.dispose]()
    }
  })
})

describe('a path that is not a data folder', () => {
  test('is refused and stays unchanged when it has other files', async () => {
    const folder = await temporaryDir()
    await writeFile(path.join(folder, 'thesis.txt'), 'words')
    expect(await refusal(folder)).toBe(
      `--data-dir: got '${folder}', which has other files; choose an empty or a new folder`,
    )
    expect(await readdir(folder)).toEqual(['thesis.txt'])
  })

  test.each([
    ['a text file', async (file: string) => await writeFile(file, 'words '.repeat(1_000))],
    [
      'a database of another program',
      async (file: string) => {
        const database = new DatabaseSync(file)
        database.exec('CREATE TABLE songs (title TEXT)')
        database.close()
      },
    ],
  ])('is refused when its svd.sqlite is %s, and that file stays unchanged', async (_, write) => {
    const folder = await temporaryDir()
    const file = path.join(folder, 'svd.sqlite')
    await write(file)
    const before = await readFile(file)
    expect(await refusal(folder)).toBe(
      `--data-dir: got '${folder}', whose svd.sqlite another program made; choose an empty or a new folder`,
    )
    expect(await readFile(file)).toEqual(before)
  })

  test('is refused when it is a file', async () => {
    const file = path.join(await temporaryDir(), 'data')
    await writeFile(file, '')
    expect(await refusal(file)).toMatch(
      /^--data-dir: the folder .*data cannot be used \(a file has that name\)/,
    )
  })
})

test('openDataDir refuses the format of a newer version and names the fix', async () => {
  const folder = await temporaryDir()
  const dir = await openDataDir(folder, now)
  dir.records.exec(`PRAGMA user_version = ${DATA_DIR_FORMAT + 1}`)
  dir[Symbol.dispose]()
  expect(await refusal(folder)).toBe(
    `--data-dir: got '${folder}', which has format 2, and this svd knows format 1; use the version of svd that made it, or choose a new folder`,
  )
})

test('openDataDir accepts a folder whose creation was interrupted, and hidden files of the desktop', async () => {
  const folder = await temporaryDir()
  for (const name of ['svd.sqlite', '.DS_Store']) await writeFile(path.join(folder, name), '')
  await open(folder)
})

test('openDataDir names the folder when its disk cannot be written', async () => {
  const folder = await temporaryDir()
  // SQLite cannot open a folder as its file.
  await mkdir(path.join(folder, 'svd.sqlite'))
  expect(await refusal(folder)).toMatch(
    new RegExp(`^--data-dir: got '${folder}', and its disk cannot be read or written; check the disk`),
  )
})
