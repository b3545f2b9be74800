import { glob, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { childEnvironment } from '../../shared/child-environment.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('the child environment passes variables that programs and native libraries read', () => {
  const needed = {
    ...{ PATH: '/bin', HOME: '/home', TMPDIR: '/tmp', LANG: 'C.UTF-8', LD_LIBRARY_PATH: '/cuda' },
    ...{ CUDA_CACHE_PATH: '/cache', NVIDIA_VISIBLE_DEVICES: 'all', ORT_DISABLE_TELEMETRY: '1' },
    ...{ OMP_NUM_THREADS: '2', GLIBC_TUNABLES: 'glibc.malloc.check=1' },
  }
  expect(childEnvironment(needed)).toEqual(needed)
})

test.each([
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_PROFILE',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'HF_TOKEN',
  'HTTPS_PROXY',
  'https_proxy',
  'NODE_OPTIONS',
  'NODE_EXTRA_CA_CERTS',
  'LD_PRELOAD',
  'PIP_INDEX_URL',
  'SVD_OUTPUT_BUCKET',
  'PATHS',
  'MY_CUDA_TOKEN',
])('the child environment does not pass %s', (name) => {
  expect(childEnvironment({ [name]: 'value' })).toEqual({})
})

test('the child environment leaves out variables that are not set', () => {
  expect(childEnvironment({ HOME: undefined })).toEqual({})
})

/** A function is imported, not a type or the class of an error alone. */
const STARTS_PROCESSES =
  /^import (?!type\b|\{ ExecaError \}).* from '(?:node:child_process|execa|fluent-ffmpeg)'/m

/** Runs a command that the user typed, which gets the environment in which it was typed. */
const OF_USERS = ['worker/local/event-commands.ts']

test("every process of worker, functions or shared gets the child environment, except a user's event commands", async () => {
  const starting: string[] = []
  for await (const file of glob('{worker,functions,shared}/**/*.ts', { cwd: ROOT })) {
    const text = await readFile(path.join(ROOT, file), 'utf8')
    if (!STARTS_PROCESSES.test(text) || OF_USERS.includes(file)) continue
    starting.push(file)
    expect(text, file).toMatch(/childEnvironment\(/)
  }
  expect(starting).toContain('worker/renderer/renderer-process.ts')
})
