import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { programFile } from '../../shared/program-file.ts'

test.each([
  ['a checkout', '/svd/worker/renderer/image-process.ts', '/svd/worker/engine/probe.ts'],
  ['the package', '/svd/dist/worker/renderer/image-process.js', '/svd/dist/worker/engine/probe.js'],
])('programFile finds a program of %s relative to the module that starts it', (_, from, program) => {
  expect(programFile('../engine/probe', pathToFileURL(from).href)).toBe(program)
})
