import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { installProvider } from '../../../worker/cuda/install-provider.ts'
import { checkProvider, type VerifyProvider } from '../../../worker/cuda/installed-provider.ts'
import { librariesOf } from '../../../worker/cuda/runtime-package.ts'
import { aRelease, aRuntime, aWheelFile, CUDA, SHARED } from './a-release.ts'

const { release, wheel, contents } = aRelease()
const signal = new AbortController().signal

const anInstalledRuntime = async (): Promise<string> => {
  const packageDir = await aRuntime()
  await installProvider(librariesOf(packageDir), release, { file: await aWheelFile(wheel) }, {}, signal)
  return packageDir
}

const check = (packageDir: string, verify: VerifyProvider = 'hashes') =>
  checkProvider(packageDir, release, verify, signal)

test('checkProvider finds an installed provider by sizes and by hashes', async () => {
  const packageDir = await anInstalledRuntime()
  expect(await check(packageDir)).toEqual({ status: 'installed' })
  expect(await check(packageDir, 'sizes')).toEqual({ status: 'installed' })
})

test('checkProvider reports a runtime without a provider as missing', async () => {
  const packageDir = await aRuntime()
  const fault = `${SHARED} is not in ${librariesOf(packageDir)}`
  expect(await check(packageDir)).toEqual({ status: 'missing', fault })
})

test.each([SHARED, CUDA])('checkProvider reports a provider without %s as missing', async (name) => {
  const packageDir = await anInstalledRuntime()
  await rm(path.join(librariesOf(packageDir), name))
  expect(await check(packageDir, 'sizes')).toMatchObject({ status: 'missing' })
})

describe.each([SHARED, CUDA])('%s', (name) => {
  test('that is truncated is a mismatch by its size', async () => {
    const packageDir = await anInstalledRuntime()
    const file = path.join(librariesOf(packageDir), name)
    await writeFile(file, contents[name]!.subarray(1))
    const size = contents[name]!.length
    const fault = `${file} has ${size - 1} bytes; must be ${size}`
    expect(await check(packageDir, 'sizes')).toEqual({ status: 'mismatch', fault })
  })

  test('with other bytes is a mismatch by its hash alone', async () => {
    const packageDir = await anInstalledRuntime()
    await writeFile(path.join(librariesOf(packageDir), name), Buffer.alloc(contents[name]!.length))
    expect(await check(packageDir, 'sizes')).toEqual({ status: 'installed' })
    expect(await check(packageDir)).toMatchObject({
      status: 'mismatch',
      fault: expect.stringMatching(/ has SHA-256 [0-9a-f]{64}; must be [0-9a-f]{64}$/),
    })
  })
})

test('a complete provider is unfit for another version of onnxruntime-node', async () => {
  const packageDir = await anInstalledRuntime()
  await writeFile(path.join(packageDir, 'package.json'), '{ "version": "1.2.4" }')
  const fault = 'onnxruntime-node is 1.2.4; the CUDA provider fits 1.2.3 alone'
  expect(await check(packageDir, 'sizes')).toEqual({ status: 'unfit', fault })
})

test('a runtime library of another version than its package is unfit', async () => {
  const packageDir = await aRuntime('1.2.3', 'VERS_1.2.4')
  expect(await check(packageDir)).toMatchObject({
    status: 'unfit',
    fault: expect.stringContaining('libonnxruntime.so.1 is not of version 1.2.3'),
  })
})

test('a package without its runtime library is unfit', async () => {
  const packageDir = await aRuntime()
  await rm(path.join(librariesOf(packageDir), 'libonnxruntime.so.1'))
  expect(await check(packageDir)).toMatchObject({
    status: 'unfit',
    fault: expect.stringContaining('libonnxruntime.so.1 is missing; run npm ci again'),
  })
})
