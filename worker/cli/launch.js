#!/usr/bin/env node
import { existsSync } from 'node:fs'

/*
 * The command `svd`. This file is JavaScript that old versions of Node parse too, so that they print one sentence. A
 * checkout has the program as TypeScript, which runs as it is. A package has it compiled.
 */
const source = new URL('./svd.ts', import.meta.url)
const isCheckout = existsSync(source)
// Before 22.13, node:sqlite needs a flag.
const needed = isCheckout ? '24.0' : '22.13'

const toNumber = (version) => {
  const [major, minor] = version.split('.').map(Number)
  return major * 1000 + minor
}

if (toNumber(process.versions.node) < toNumber(needed)) {
  const way = isCheckout ? 'run npx svd, which takes the Node of node_modules' : 'see https://nodejs.org'
  process.stderr.write(
    `error: svd needs Node.js ${needed} or newer, and this is ${process.versions.node}; ${way}\n`,
  )
  process.exitCode = 1
} else {
  await import(isCheckout ? source.href : new URL('../../dist/worker/cli/svd.js', import.meta.url).href)
}
