import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { type ProseFault, proseFaultsOf } from './prose-faults.ts'

/*
 * A program: check-prose.ts [--update] [--list FOLDER]. Counts faults of prose in each folder and compares them with
 * allowed.json. A count may fall and never rise; --update writes lower counts, and --list prints a folder's faults.
 */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const ALLOWED = new URL('allowed.json', import.meta.url)

/** `worker/cli`, `shared`: two levels of worker, one of all others. */
const folderOf = (file: string): string => {
  const [top = '', second = ''] = file.split('/')
  return top === 'worker' && file.split('/').length > 2 ? `${top}/${second}` : top
}

const { stdout } = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts'], {
  cwd: ROOT,
})
const faults = new Map<string, (ProseFault & { readonly file: string })[]>()
for (const file of stdout.split('\n').toSorted()) {
  const source = await readFile(`${ROOT}${file}`, 'utf8').catch(() => null)
  if (source === null) continue
  const folder = folderOf(file)
  const found = proseFaultsOf(source).map((fault) => ({ ...fault, file }))
  faults.set(folder, [...(faults.get(folder) ?? []), ...found])
}
const counts = Object.fromEntries(
  [...faults].flatMap(([folder, found]) => (found.length === 0 ? [] : [[folder, found.length]])),
)

const [option, folder] = process.argv.slice(2)
if (option === '--list' && folder !== undefined) {
  for (const { file, line, text } of faults.get(folder) ?? [])
    process.stdout.write(`${file}:${line}: ${text}\n`)
} else {
  const allowed: Readonly<Record<string, number>> = JSON.parse(await readFile(ALLOWED, 'utf8'))
  const risen = Object.entries(counts).filter(([name, count]) => count > (allowed[name] ?? 0))
  const fallen = Object.keys(allowed).filter((name) => (counts[name] ?? 0) < (allowed[name] ?? 0))
  if (option === '--update' && risen.length === 0) {
    await writeFile(ALLOWED, `${JSON.stringify(counts, null, 2)}\n`)
  } else if (risen.length > 0 || fallen.length > 0) {
    for (const [name, count] of risen) {
      process.stderr.write(
        `${name}: ${count} faults of prose, ${allowed[name] ?? 0} are allowed; see them with: ` +
          `npm run prose -- --list ${name}\n`,
      )
    }
    for (const name of fallen) {
      process.stderr.write(
        `${name}: fewer faults of prose than allowed.json says; run: npm run prose -- --update\n`,
      )
    }
    process.exitCode = 1
  }
}
