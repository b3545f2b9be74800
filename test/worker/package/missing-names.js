import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'

/*
 * missing-names.js DIST: prints what the compiled files import from Node's modules and this Node does not have.
 */

const NAMED_IMPORT = /import\s+(?:\w+\s*,\s*)?\{([^}]*)\}\s+from\s+'(node:[^']+)'/g
const [, , dist = ''] = process.argv

for (const file of await readdir(dist, { recursive: true })) {
  if (!file.endsWith('.js')) continue
  const text = await readFile(path.join(dist, file), 'utf8')
  for (const [, list = '', from = ''] of text.matchAll(NAMED_IMPORT)) {
    const module = await import(from)
    const names = list.split(',').map((name) => name.trim().split(' as ')[0] ?? '')
    for (const name of names.filter((name) => name !== '' && !(name in module))) {
      console.log(`${file}: ${from} has no ${name}`)
    }
  }
}
