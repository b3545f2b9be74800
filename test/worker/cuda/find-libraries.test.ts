import { readdir, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { findLibraries, type LibrarySearch } from '../../../worker/cuda/find-libraries.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { aLibraryFolder, copyNeedyLibrary, isLinuxX64 } from './a-library.ts'

// Names that no machine has.
const [FIRST, SECOND] = ['libsvdfirst.so.13', 'libsvdsecond.so.9'] as const
const NOT_FOUND = 'the dynamic loader does not find it'

const find = (folder: string, more: Partial<LibrarySearch> = {}) =>
  findLibraries({
    program: process.execPath,
    environment: { LD_LIBRARY_PATH: folder },
    names: [FIRST, SECOND],
    object: null,
    ...more,
  })

describe.skipIf(!isLinuxX64)('the dynamic loader', () => {
  test('finds libraries in the folders of LD_LIBRARY_PATH, and reports the missing ones by name', async () => {
    const folder = await aLibraryFolder([SECOND])
    expect(await find(`${await temporaryDir()}:${folder}`)).toEqual({
      found: expect.any(Map),
      missing: new Map([[FIRST, NOT_FOUND]]),
      faults: [],
    })
    expect((await find(folder)).found.get(SECOND)).toBe(path.join(folder, SECOND))
  })

  test('finds libraries in its own folders without a variable', async () => {
    const { found, missing } = await find('', { environment: {}, names: ['libc.so.6', FIRST] })
    expect(found.get('libc.so.6')).toMatch(/\/libc[.-]/)
    expect([...missing.keys()]).toEqual([FIRST])
  })

  test('finds the file behind a symbolic link', async () => {
    const folder = await aLibraryFolder(['libsvdfirst.so.13.0.96'])
    await symlink('libsvdfirst.so.13.0.96', path.join(folder, FIRST))
    expect((await find(folder)).found.get(FIRST)).toBe(path.join(folder, 'libsvdfirst.so.13.0.96'))
  })

  test('reports why it cannot load a file of the right name, and continues', async () => {
    const folder = await aLibraryFolder([SECOND])
    await writeFile(
      path.join(folder, FIRST),
      'not a library, and not one of another processor either'.repeat(9),
    )
    const { found, missing } = await find(folder)
    expect(missing).toEqual(new Map([[FIRST, 'invalid ELF header']]))
    expect(found.get(SECOND)).toBe(path.join(folder, SECOND))
  })

  test('reports a missing dependency of a library, also if the path of the library has a space', async () => {
    const object = path.join(await temporaryDir(), 'a b', 'libprovider.so')
    await copyNeedyLibrary(object)
    const folder = await aLibraryFolder([FIRST, SECOND])
    expect(await find(folder, { object })).toMatchObject({
      missing: new Map([['libonnxruntime.so.1', NOT_FOUND]]),
      faults: [],
    })
    const runtime = path.join(path.dirname(object), 'libonnxruntime.so.1')
    await copyNeedyLibrary(runtime)
    const { found } = await find(folder, { object })
    expect(found.get('libonnxruntime.so.1')).toBe(runtime)
  })

  test('reports that the library itself cannot be loaded', async () => {
    const object = path.join(await temporaryDir(), 'libprovider.so')
    await writeFile(object, 'half a file'.repeat(99))
    const { faults } = await find(await aLibraryFolder([FIRST, SECOND]), { object })
    expect(faults).toEqual(['./libprovider.so: invalid ELF header'])
  })

  test('runs no program while it searches', async () => {
    const folder = await temporaryDir()
    const environment = {
      LD_LIBRARY_PATH: folder,
      NODE_OPTIONS: `--report-on-signal --cpu-prof --cpu-prof-dir=${folder}`,
    }
    await find(folder, { environment })
    expect(await readdir(folder)).toEqual([])
  })
})

// The loader is a static program itself.
const STATIC_PROGRAM = '/lib64/ld-linux-x86-64.so.2'

test.skipIf(!isLinuxX64).each([STATIC_PROGRAM, '/nowhere/node'])(
  'findLibraries refuses %s, which lists no libraries, instead of reporting none as missing',
  async (program) => {
    await expect(find('', { program, names: [] })).rejects.toThrow(
      `the dynamic loader of ${program} does not list libraries; glibc's is needed`,
    )
  },
)
