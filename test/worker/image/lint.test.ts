import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { inRepository } from './in-repository.ts'

/** Beside the Python that tests use, or on the PATH; null: in neither. */
const findTool = async (name: string): Promise<string | null> => {
  const python = process.env['SVD_PYTHON']
  for (const file of [...(python === undefined ? [] : [path.join(path.dirname(python), name)]), name]) {
    const { failed } = await execa(file, ['--version'], { reject: false })
    if (!failed) return file
  }
  return null
}

const image = inRepository('worker/image')
const scripts = (await readdir(image)).filter((file) => file.endsWith('.sh'))

describe.each([
  ['hadolint', [inRepository('worker/Dockerfile')]],
  ['shellcheck', scripts.map((file) => path.join(image, file))],
])('%s', async (name, files) => {
  const tool = await findTool(name)
  const title = tool === null ? ` (skipped: neither beside SVD_PYTHON nor on the PATH is ${name})` : ''

  test.skipIf(tool === null)(`has nothing to say${title}`, async () => {
    expect(files.length).toBeGreaterThan(0)
    const { all } = await execa(tool ?? name, files, { all: true, reject: false })
    expect(all).toBe('')
  })
})
