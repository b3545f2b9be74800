import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { findPythonTool, skippedWithout } from '../../fixtures/python-tool.ts'
import { inRepository } from './in-repository.ts'

const image = inRepository('worker/image')
const scripts = (await readdir(image)).filter((file) => file.endsWith('.sh'))

describe.each([
  ['hadolint', [inRepository('worker/Dockerfile')]],
  ['shellcheck', scripts.map((file) => path.join(image, file))],
])('%s', async (name, files) => {
  const tool = await findPythonTool(name)

  test.skipIf(tool === null)(`has nothing to say${skippedWithout(name, tool)}`, async () => {
    expect(files.length).toBeGreaterThan(0)
    const { all } = await execa(tool ?? name, files, { all: true, reject: false })
    expect(all).toBe('')
  })
})
