import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { describe, expect, test } from 'vitest'
import { findPythonTool, type PythonTool, skippedWithout } from '../../fixtures/python-tool.ts'
import { inRepository } from './in-repository.ts'

const image = inRepository('worker/image')
const scripts = (await readdir(image)).filter((file) => file.endsWith('.sh'))

const linted: readonly (readonly [PythonTool, readonly string[]])[] = [
  ['hadolint', [inRepository('worker/Dockerfile')]],
  ['shellcheck', scripts.map((file) => path.join(image, file))],
]

describe.each(linted)('%s', async (name, files) => {
  const tool = await findPythonTool(name)

  test.skipIf(tool === null)(`finds no faults${skippedWithout(name, tool)}`, async () => {
    expect(files.length).toBeGreaterThan(0)
    const { all } = await execa(tool ?? name, files, { all: true, reject: false })
    expect(all).toBe('')
  })
})
