import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { installProvider, type WheelSource } from '../../../worker/cuda/install-provider.ts'
import { readPackageIndex } from '../../../worker/cuda/package-index.ts'
import { PROVIDER_RELEASE, type ProviderRelease } from '../../../worker/cuda/provider-release.ts'
import { openScriptedEndpoint } from '../../fixtures/scripted-endpoint.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { inRepository } from '../image/in-repository.ts'
import { aRelease, aWheelFile, CUDA, LICENCES, SHARED, WHEEL } from './a-release.ts'
import { htmlPage, jsonPage, openIndex } from './an-index.ts'

const unaborted = new AbortController().signal

const from = (url: string): WheelSource => ({ index: readPackageIndex(`${url}/simple`, {}) })
const install = (folder: string, release: ProviderRelease, source: WheelSource, signal = unaborted) =>
  installProvider(folder, release, source, { firstRetryMs: 0 }, signal)

const INSTALLED = [SHARED, CUDA, ...LICENCES].sort()

describe('an install from an index', () => {
  test('writes the libraries and the licences unchanged, and leaves no other file', async () => {
    const { release, wheel, contents } = aRelease()
    const folder = await temporaryDir()
    const { url, requests } = await openIndex(wheel)
    expect(await install(folder, release, from(url))).toBe('installed')
    expect((await readdir(folder)).sort()).toEqual(INSTALLED)
    for (const name of INSTALLED) {
      expect((await readFile(path.join(folder, name))).equals(contents[name]!)).toBe(true)
      expect((await stat(path.join(folder, name))).mode & 0o777).toBe(0o644)
    }
    expect(requests.map((request) => request.url)).toEqual(['/simple/onnxruntime-gpu/', `/files/${WHEEL}`])
  })

  test('sends no request if the provider is installed already', async () => {
    const { release, wheel } = aRelease()
    const folder = await temporaryDir()
    const { url, requests } = await openIndex(wheel)
    await install(folder, release, from(url))
    expect(await install(folder, release, from(url))).toBe('was-there')
    expect(requests).toHaveLength(2)
  })

  test('replaces a library of the right size whose hash differs', async () => {
    const { release, wheel, contents } = aRelease()
    const folder = await temporaryDir()
    const { url } = await openIndex(wheel)
    await install(folder, release, from(url))
    await writeFile(path.join(folder, CUDA), Buffer.alloc(contents[CUDA]!.length))
    expect(await install(folder, release, from(url))).toBe('installed')
    expect((await readFile(path.join(folder, CUDA))).equals(contents[CUDA]!)).toBe(true)
  })

  test('succeeds at the same time as another install, and the files are complete', async () => {
    const { release, wheel, contents } = aRelease()
    const folder = await temporaryDir()
    const { url } = await openIndex(wheel)
    const outcomes = await Promise.all([1, 2].map(() => install(folder, release, from(url))))
    expect(outcomes).toEqual(['installed', 'installed'])
    expect((await readdir(folder)).sort()).toEqual(INSTALLED)
    expect((await readFile(path.join(folder, CUDA))).equals(contents[CUDA]!)).toBe(true)
  })

  test('reports bytes as they arrive', async () => {
    const { release, wheel } = aRelease()
    const { url } = await openIndex(wheel)
    const counts: [number, number][] = []
    const onBytes = (done: number, total: number): void => void counts.push([done, total])
    await installProvider(await temporaryDir(), release, from(url), { onBytes }, unaborted)
    expect(counts.at(-1)).toEqual([wheel.length, wheel.length])
  })

  test.each(['/files/', '../../files/', 'FULL/files/'])(
    'reads an index that has only HTML, with a link to %s',
    async (base) => {
      const { release, wheel } = aRelease()
      const folder = await temporaryDir()
      const { url } = await openIndex(wheel, (request) =>
        request.url.startsWith('/simple/')
          ? htmlPage(`${base.replace('FULL', `http://${request.headers.host}`)}${WHEEL}#sha256=00`)
          : null,
      )
      expect(await install(folder, release, from(url))).toBe('installed')
    },
  )

  test('sends credentials to the index, but not to another host', async () => {
    const { release, wheel } = aRelease()
    const files = await openIndex(wheel)
    const { url, requests } = await openScriptedEndpoint(() => jsonPage(`${files.url}/files/${WHEEL}`))
    const index = readPackageIndex(`${url.replace('//', '//me:secret@')}/simple`, {})
    await install(await temporaryDir(), release, { index })
    expect(requests.map(({ headers }) => headers.authorization)).toEqual(['Basic bWU6c2VjcmV0'])
    expect(files.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
  })

  test('sends credentials for files on the same host as the index', async () => {
    const { release, wheel } = aRelease()
    const { url, requests } = await openIndex(wheel)
    const index = readPackageIndex(`${url.replace('//', '//me:secret@')}/simple`, {})
    await install(await temporaryDir(), release, { index })
    const sent = requests.map(({ headers }) => headers.authorization)
    expect(sent).toEqual(['Basic bWU6c2VjcmV0', 'Basic bWU6c2VjcmV0'])
  })

  test('uses the credentials in the URL of the file for that file', async () => {
    const { release, wheel } = aRelease()
    const files = await openIndex(wheel)
    const { url } = await openScriptedEndpoint(() =>
      jsonPage(`${files.url.replace('//', '//you:key@')}/files/${WHEEL}`),
    )
    await install(await temporaryDir(), release, from(url))
    expect(files.requests.map(({ headers }) => headers.authorization)).toEqual(['Basic eW91OmtleQ=='])
  })

  test.each<[string, number]>([
    ['a lost response', 0],
    ['a truncated file', 1],
    ['status 503', 2],
  ])('repeats the request after %s', async (_, kind) => {
    const { release, wheel } = aRelease()
    const faults = [
      'lost' as const,
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': wheel.length })
        response.write(wheel.subarray(0, 1000), () => response.destroy())
      },
      { status: 503 },
    ]
    let left = 1
    const { url, requests } = await openIndex(wheel, (request) =>
      request.url.startsWith('/files/') && left-- > 0 ? faults[kind]! : null,
    )
    expect(await install(await temporaryDir(), release, from(url))).toBe('installed')
    expect(requests).toHaveLength(4)
  })
})

describe('an install that fails leaves the folder unchanged', () => {
  const expectFailure = async (source: WheelSource, release: ProviderRelease): Promise<Error> => {
    const folder = await temporaryDir()
    await writeFile(path.join(folder, CUDA), 'an older one')
    const error = await install(folder, release, source).then(
      () => new Error('it was installed'),
      (reason: Error) => reason,
    )
    expect(await readdir(folder)).toEqual([CUDA])
    expect(await readFile(path.join(folder, CUDA), 'utf8')).toBe('an older one')
    return error
  }

  test('if the index has another file of the same name and size', async () => {
    const { release, wheel } = aRelease()
    const { url, requests } = await openIndex(Buffer.alloc(wheel.length))
    const { message } = await expectFailure(from(url), release)
    expect(message).toContain(`${url}/files/${WHEEL} has SHA-256 `)
    expect(message).toContain(`must be ${release.wheel.sha256}`)
    expect(requests).toHaveLength(2)
  })

  test('if the file of that name is longer than the wheel', async () => {
    const { release, wheel } = aRelease()
    const { url } = await openIndex(Buffer.concat([wheel, Buffer.alloc(1)]))
    const { message } = await expectFailure(from(url), release)
    expect(message).toContain(`has more than the ${wheel.length} bytes of the wheel`)
  })

  test('if the index does not list the wheel', async () => {
    const { release, wheel } = aRelease()
    const { url, requests } = await openIndex(wheel, () => jsonPage('/x.whl', 'onnxruntime_gpu-1.2.2.whl'))
    const { message } = await expectFailure(from(url), release)
    expect(message).toContain(`${url}/simple/onnxruntime-gpu/ does not list ${WHEEL}`)
    expect(message).toContain('--wheel FILE')
    expect(requests).toHaveLength(1)
  })

  test.each([
    [404, 'check the URL of the index'],
    [401, 'put the credentials into the URL'],
  ])('if the index answers %i, and does not repeat the request', async (status, hint) => {
    const { release, wheel } = aRelease()
    const { url, requests } = await openIndex(wheel, () => ({ status }))
    const { message } = await expectFailure(from(url), release)
    expect(message).toContain(`${url}/simple/onnxruntime-gpu/ answered ${status}`)
    expect(message).toContain(hint)
    expect(requests).toHaveLength(1)
  })

  test('if the page is not JSON, though its content type is JSON', async () => {
    const { release, wheel } = aRelease()
    const page = {
      status: 200,
      headers: { 'content-type': 'application/vnd.pypi.simple.v1+json' },
      body: '[]',
    }
    const { url } = await openIndex(wheel, () => page)
    expect((await expectFailure(from(url), release)).message).toContain('is not a list of files')
  })

  test('if no server answers, after four attempts', async () => {
    const { release, wheel } = aRelease()
    const { url, requests } = await openIndex(wheel, () => 'lost')
    const { message } = await expectFailure(from(url), release)
    expect(message).toContain(`${url}/simple/onnxruntime-gpu/ cannot be reached: `)
    expect(requests).toHaveLength(4)
  })

  test('if it is aborted in the middle of the wheel', async () => {
    const { release, wheel } = aRelease()
    const stop = new AbortController()
    const { url } = await openIndex(wheel, (request) =>
      request.url.startsWith('/files/')
        ? (response) => {
            response.writeHead(200, { 'content-length': wheel.length })
            response.write(wheel.subarray(0, 1000), () => stop.abort(new Error('stopped')))
          }
        : null,
    )
    const folder = await temporaryDir()
    await expect(install(folder, release, from(url), stop.signal)).rejects.toThrow('stopped')
    expect(await readdir(folder)).toEqual([])
  })

  test('if it is aborted before it reads a file', async () => {
    const { release, wheel } = aRelease()
    const folder = await temporaryDir()
    const stopped = AbortSignal.abort(new Error('stopped'))
    const source = { file: await aWheelFile(wheel) }
    await expect(install(folder, release, source, stopped)).rejects.toThrow('stopped')
    expect(await readdir(folder)).toEqual([])
  })

  test('if the URL of the file has a signature, which the error omits', async () => {
    const { release, wheel } = aRelease()
    const { url } = await openIndex(wheel, (request) =>
      request.url.startsWith('/simple/') ? jsonPage('/gone?signature=secret') : null,
    )
    const { message } = await expectFailure(from(url), release)
    expect(message).toMatch(/\/gone answered 404 Not Found;/)
    expect(message).not.toContain('secret')
  })

  test('if a library in the pinned wheel has another hash than the pinned one', async () => {
    const { release, wheel } = aRelease()
    const libraries = release.libraries.map((library) => ({ ...library, sha256: '0'.repeat(64) }))
    const { url } = await openIndex(wheel)
    const { message } = await expectFailure(from(url), { ...release, libraries })
    expect(message).toMatch(/^onnxruntime\/capi\/libonnxruntime_providers_\w+\.so in the wheel has SHA-256 /)
  })

  test('if the wheel lacks a file', async () => {
    const { release, wheel } = aRelease()
    const libraries = release.libraries.map((library) => ({ ...library, path: 'onnxruntime/gone.so' }))
    const { url } = await openIndex(wheel)
    const { message } = await expectFailure(from(url), { ...release, libraries })
    expect(message).toBe('the wheel does not have onnxruntime/gone.so')
  })
})

describe('an install from a file', () => {
  test('writes the libraries and keeps the file', async () => {
    const { release, wheel } = aRelease()
    const [folder, file] = [await temporaryDir(), await aWheelFile(wheel)]
    expect(await install(folder, release, { file })).toBe('installed')
    expect((await readdir(folder)).sort()).toEqual(INSTALLED)
    expect((await readFile(file)).equals(wheel)).toBe(true)
  })

  test.each<[string, (wheel: Buffer) => Buffer, RegExp]>([
    ['of another size', (wheel) => wheel.subarray(1), /has \d+ bytes, not \d+; must be /],
    [
      'of other bytes',
      (wheel) => Buffer.alloc(wheel.length),
      /has SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}; must be /,
    ],
  ])('refuses a file %s with an InvalidInputError', async (_, change, rule) => {
    const { release, wheel } = aRelease()
    const file = await aWheelFile(change(wheel))
    const failed = install(await temporaryDir(), release, { file })
    await expect(failed).rejects.toThrow(InvalidInputError)
    await expect(failed).rejects.toThrow(rule)
    await expect(failed).rejects.toThrow(
      /^--wheel: .*; get it with: pip download .* onnxruntime-gpu==1\.2\.3$/,
    )
  })

  test.each(['/nowhere/x.whl', '/'])('refuses %s with an InvalidInputError', async (file) => {
    const { release } = aRelease()
    const failed = install(await temporaryDir(), release, { file })
    await expect(failed).rejects.toThrow(InvalidInputError)
    await expect(failed).rejects.toThrow(`--wheel: ${file} `)
  })
})

describe('an install into a folder', () => {
  test('that does not exist fails with the path and the fix', async () => {
    const { release, wheel } = aRelease()
    const [folder, file] = [path.join(await temporaryDir(), 'x64'), await aWheelFile(wheel)]
    await expect(install(folder, release, { file })).rejects.toThrow(
      `the CUDA provider cannot be installed in ${folder}: it is not there; run npm ci first`,
    )
  })

  test.skipIf(process.getuid?.() === 0)('that is not writable fails with the path', async () => {
    const { release, wheel } = aRelease()
    const [folder, file] = [await temporaryDir(), await aWheelFile(wheel)]
    await chmod(folder, 0o555)
    await expect(install(folder, release, { file })).rejects.toThrow(`${folder}: there is no permission`)
  })
})

describe('a process that is killed during an install', () => {
  /** The program of the image's build, killed while the wheel arrives. */
  const killedInstall = async (folder: string): Promise<void> => {
    const stop = new AbortController()
    const { url } = await openScriptedEndpoint((request) =>
      request.url.startsWith('/simple/')
        ? jsonPage('/files/wheel', PROVIDER_RELEASE.wheel.name)
        : (response) => {
            response.writeHead(200)
            response.write(Buffer.alloc(1000), () => stop.abort())
          },
    )
    const program = execa(process.execPath, [inRepository('worker/image/fetch-cuda-provider.ts'), folder], {
      env: { PIP_INDEX_URL: `${url}/simple` },
      reject: false,
    })
    if (!stop.signal.aborted) await once(stop.signal, 'abort')
    program.kill('SIGKILL')
    expect((await program).signal).toBe('SIGKILL')
  }

  test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
    'leaves no library, and a later install succeeds',
    async () => {
      const folder = await temporaryDir()
      await killedInstall(folder)
      expect(await readdir(folder)).toEqual([expect.stringMatching(/^\.svd-cuda-\w{6}$/)])
      const { release, wheel } = aRelease()
      await install(folder, release, { file: await aWheelFile(wheel) })
      expect(await readdir(folder)).toEqual(expect.arrayContaining(INSTALLED))
    },
  )

  test('leaves a folder that a later install removes after an hour, and not before', async () => {
    const { release, wheel } = aRelease()
    const folder = await temporaryDir()
    const anHourAgo = new Date(Date.now() - 3_601_000)
    for (const name of ['.svd-cuda-olderx', '.svd-cuda-youngr']) {
      await mkdir(path.join(folder, name))
      await writeFile(path.join(folder, name, WHEEL), 'half')
    }
    await utimes(path.join(folder, '.svd-cuda-olderx', WHEEL), anHourAgo, anHourAgo)
    for (const name of ['.svd-cuda-olderx', '.svd-cuda-youngr']) {
      await utimes(path.join(folder, name), anHourAgo, anHourAgo)
    }
    await install(folder, release, { file: await aWheelFile(wheel) })
    expect((await readdir(folder)).sort()).toEqual(['.svd-cuda-youngr', ...INSTALLED].sort())
  })
})
