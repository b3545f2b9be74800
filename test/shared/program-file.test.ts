import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { isNodeSupported, programFile } from '../../shared/program-file.ts'

test.each([
  ['a checkout', '/svd/worker/renderer/image-process.ts', '/svd/worker/engine/probe.ts'],
  ['the package', '/svd/dist/worker/renderer/image-process.js', '/svd/dist/worker/engine/probe.js'],
])('programFile finds a program of %s relative to the module that starts it', (_, from, program) => {
  expect(programFile('../engine/probe', pathToFileURL(from).href)).toBe(program)
})

test.each([
  ['20.20.2', false],
  ['22.12.99', false],
  ['22.13.0', true],
  ['22.20.1', true],
  ['23.0.0', true],
])('Node %s is supported where 22.13 is the oldest: %s', (version, isSupported) => {
  expect(isNodeSupported(version, '22.13')).toBe(isSupported)
})
