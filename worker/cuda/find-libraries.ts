import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { childEnvironment } from '../../shared/child-environment.ts'

/*
 * The dynamic loader itself is asked, because only it knows all that it goes by: LD_LIBRARY_PATH, its cache, the
 * folders of the C library's build, RUNPATH, versions of symbols, and what the libraries need in turn. With
 * LD_TRACE_LOADED_OBJECTS, as `ldd` sets it, the loader prints what it would load for a program and ends before the
 * program runs. The program is Node's own, so that it is the loader of the process that will open the libraries.
 * They are named in LD_PRELOAD, because a library that is missing there does not end the search for the others.
 * No code of any library runs, and it takes some 10 ms. To open them with dlopen would map 2 GB and run their code.
 */

export interface LibrarySearch {
  /** A program with a dynamic loader: Node. */
  readonly program: string
  /** The environment of this process. The one that is to open the libraries gets what `childEnvironment` passes. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Names to search for, such as `libcudart.so.13`. */
  readonly names: readonly string[]
  /** A library whose own needs are searched too, as a full path; `null` for none. */
  readonly object: string | null
}

export interface FoundLibraries {
  /** The file of each name that the loader finds; symbolic links are resolved. */
  readonly found: ReadonlyMap<string, string>
  /** Each library that the loader does not find or cannot load, and its reason. */
  readonly missing: ReadonlyMap<string, string>
  /** Anything else that keeps a library from being loaded, such as a C library that is too old. */
  readonly faults: readonly string[]
}

const TIMEOUT_MS = 10_000

/** `libcudart.so.13 => /usr/lib/libcudart.so.13 (0x00007f…)` */
const FOUND = /^\s*(\S+) => (\/.+) \(0x[0-9a-f]+\)$/gm
const NOT_FOUND = /^\s*(\S+) => not found$/gm
const NOT_PRELOADED = /object '([^']+)' from LD_PRELOAD cannot be preloaded \((.+)\): ignored/g
const NOT_LOADED = /error while loading shared libraries: (.+)$/gm
/** `…/libc.so.6: version `GLIBC_2.38' not found (required by …)` */
const VERSION_FAULT = /^.*: (\S+: version `[^']+' not found \(required by .+\))$/gm

const isFileOf = (name: string): boolean => !name.includes('/')

const readTrace = async (text: string): Promise<FoundLibraries> => {
  const found = new Map<string, string>()
  for (const [, name = '', file = ''] of text.matchAll(FOUND)) found.set(name, await realpath(file))
  const missing = new Map<string, string>()
  for (const [, name = ''] of text.matchAll(NOT_FOUND))
    missing.set(name, 'the dynamic loader does not find it')
  const faults: string[] = []
  for (const [, name = '', reason = ''] of text.matchAll(NOT_PRELOADED)) {
    if (!isFileOf(name)) faults.push(`${name}: ${reason}`)
    else if (reason !== 'cannot open shared object file') missing.set(name, reason)
    else missing.set(name, 'the dynamic loader does not find it')
  }
  for (const [, fault = ''] of text.matchAll(NOT_LOADED)) faults.push(fault)
  for (const [, fault = ''] of text.matchAll(VERSION_FAULT)) faults.push(fault)
  return { found, missing, faults: [...new Set(faults)] }
}

/** Throws if the program's loader does not answer, as that of musl (Alpine) does not. */
export const findLibraries = async ({
  program,
  environment,
  names,
  object,
}: LibrarySearch): Promise<FoundLibraries> => {
  // LD_PRELOAD takes no path with a space or a colon, so the library is named relative to its folder.
  const preloaded = [...names, ...(object === null ? [] : [`./${path.basename(object)}`])]
  const { all = '' } = await execa(program, ['--version'], {
    env: {
      ...childEnvironment(environment),
      LC_ALL: 'C',
      LD_TRACE_LOADED_OBJECTS: '1',
      LD_PRELOAD: preloaded.join(' '),
    },
    ...(object === null ? {} : { cwd: path.dirname(object) }),
    ...{ extendEnv: false, stdin: 'ignore', all: true, reject: false, timeout: TIMEOUT_MS },
  })
  if (!/ \(0x[0-9a-f]+\)$|^ERROR: ld\.so: |error while loading shared libraries/m.test(all)) {
    throw new Error(`the dynamic loader of ${program} does not list libraries; glibc's is needed`)
  }
  return await readTrace(all)
}
