import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const { stdout } = await execa('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: ROOT,
})
const DOCUMENTS = stdout.split('\n')

const readText = (file: string): Promise<string> => readFile(path.join(ROOT, file), 'utf8')

/** Returns the text without blocks of code, in which brackets and slashes have other meanings. */
const proseOf = (text: string): string =>
  text.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/^ {4}.*$/gm, '')

/** Anchors of a document's headings, as GitHub makes them. */
const anchorsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )

const linksOf = (text: string): readonly string[] =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) =>
    /^[a-z]+:/.test(link) ? [] : [link],
  )

const linkFault = async (file: string, link: string): Promise<string | null> => {
  const [target = '', anchor] = link.split('#')
  const found = target === '' ? file : path.join(path.dirname(file), target)
  if (!existsSync(path.join(ROOT, found))) return `${link}: there is no ${found}`
  if (anchor === undefined) return null
  return anchorsOf(await readText(found)).includes(anchor)
    ? null
    : `${link}: ${found} has no heading for #${anchor}`
}

/** Files and folders of this repository that a text names: from its root, in backticks. */
const TOP_LEVEL = ['docs', 'functions', 'infra', 'shared', 'test', 'worker', 'examples', '.ci', '.github']
const pathsOf = (text: string): readonly string[] =>
  [...proseOf(text).matchAll(/`([\w.-]+(?:\/[\w.{},*-]+)+\/?)`/g)].flatMap(([, named = '']) =>
    TOP_LEVEL.includes(named.split('/')[0] ?? '') && !/[{}*]|\.\.\./.test(named) ? [named] : [],
  )

test.each(DOCUMENTS)('each relative link of %s points to an existing file and heading', async (file) => {
  const links = linksOf(await readText(file))
  const faults = await Promise.all(links.map((link) => linkFault(file, link)))
  expect(faults.filter((fault) => fault !== null)).toEqual([])
})

test.each(DOCUMENTS)('each repository path in %s exists', async (file) => {
  const folder = path.dirname(file)
  const named = pathsOf(await readText(file))
  const isThere = (name: string): boolean =>
    existsSync(path.join(ROOT, name)) || existsSync(path.join(ROOT, folder, name))
  expect(named.filter((name) => !isThere(name))).toEqual([])
})

test('the document checks find a link without a target and a path without a file', async () => {
  expect(linksOf('see [a](docs/none.md) and [b](https://example.com)')).toEqual(['docs/none.md'])
  expect(await linkFault('README.md', 'docs/none.md')).toBe('docs/none.md: there is no docs/none.md')
  expect(await linkFault('README.md', 'docs/cuda.md#none')).toBe(
    'docs/cuda.md#none: docs/cuda.md has no heading for #none',
  )
  expect(await linkFault('docs/cuda.md', 'aws.md#images')).toBeNull()
  expect(pathsOf('`worker/queue/none.ts` and `a/b`')).toEqual(['worker/queue/none.ts'])
})
