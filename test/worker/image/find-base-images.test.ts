import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { inRepository } from './in-repository.ts'

/** Runs the script on a PATH whose `docker` knows only these images, each by its digest. */
const find = async (known: Readonly<Record<string, string>>, dockerfile?: string) => {
  const bin = await temporaryDir()
  const cases = Object.entries(known).map(([image, digest]) => `${image}) echo ${digest};;`)
  // docker buildx imagetools inspect --format FORMAT IMAGE
  const docker = `#!/bin/sh\ncase "$6" in ${cases.join(' ')} *) echo "$6: not found" >&2; exit 1;; esac\n`
  await writeFile(path.join(bin, 'docker'), docker, { mode: 0o755 })
  const script = inRepository('worker/image/find-base-images.sh')
  return await execa('sh', [script, ...(dockerfile === undefined ? [] : [dockerfile])], {
    ...{ cwd: inRepository(), reject: false },
    env: { PATH: `${bin}:${process.env['PATH']}` },
  })
}

const aDockerfile = async (...lines: readonly string[]): Promise<string> => {
  const file = path.join(await temporaryDir(), 'Dockerfile')
  await writeFile(file, `${lines.join('\n')}\n`)
  return file
}

const CUDA = 'nvidia/cuda:13.0.3-cudnn-runtime-ubuntu24.04'
const NODE = 'node:24.21.0-bookworm-slim'
const LINES = [`ARG CUDA_IMAGE=${CUDA}`, `ARG NODE_IMAGE=${NODE}`, 'ARG REVISION']

test('find-base-images.sh prints every image with the digest from its registry', async () => {
  const found = await find({ [CUDA]: 'sha256:1', [NODE]: 'sha256:2' }, await aDockerfile(...LINES))

  expect(found).toMatchObject({ exitCode: 0, stdout: `${CUDA}@sha256:1\n${NODE}@sha256:2`, stderr: '' })
})

test('find-base-images.sh fails if a tag no longer exists, and names it', async () => {
  const { exitCode, stdout, stderr } = await find({ [NODE]: 'sha256:2' }, await aDockerfile(...LINES))

  expect([exitCode, stdout]).toEqual([1, `${NODE}@sha256:2`])
  expect(stderr).toContain(`${CUDA}: not in its registry any more, or the registry did not answer`)
})

test('find-base-images.sh fails if there is a later point release, before the tag is deleted', async () => {
  const later = CUDA.replace('13.0.3', '13.0.4')
  const known = { [CUDA]: 'sha256:1', [later]: 'sha256:3', [NODE]: 'sha256:2' }

  const { exitCode, stderr } = await find(known, await aDockerfile(...LINES))

  expect([exitCode, stderr]).toEqual([1, `${CUDA}: superseded by ${later}; NVIDIA deletes superseded tags`])
})

test('find-base-images.sh checks the images of the worker by default', async () => {
  const { exitCode, stderr } = await find({})

  expect(exitCode).toBe(1)
  expect(stderr).toMatch(/nvidia\/cuda:\S+: not in its registry[\s\S]*node:\S+: not in its registry/)
})

test('find-base-images.sh refuses a file that names no image', async () => {
  const file = await aDockerfile('FROM scratch AS nothing')

  expect(await find({}, file)).toMatchObject({
    exitCode: 2,
    stderr: `${file}: has no ARG whose name ends with _IMAGE`,
  })
})
