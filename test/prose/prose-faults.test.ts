import { expect, test } from 'vitest'
import { proseFaultsOf } from './prose-faults.ts'

test.each([
  ['/** Of one store. */', 'Of one store.'],
  ['/** Null: there is none. */', 'Null: there is none.'],
  ['/**\n * What a worker says.\n * More.\n */', 'What a worker says.'],
])('the prose check reports the docstring %j as a fragment', (source, text) => {
  expect(proseFaultsOf(`const a = 1\n${source}\nexport const b = 2\n`)).toEqual([
    { kind: 'fragment', line: 2, text },
  ])
})

test.each([
  '/** Number of bytes. */',
  '/* Of one store. */',
  '// What a worker says.',
  "const text = '/** Of. */'",
])('the prose check accepts %j', (source) => {
  expect(proseFaultsOf(`${source}\n`)).toEqual([])
})

test('the prose check reports a word that has a standard term, in any comment', () => {
  expect(proseFaultsOf('\n// Somebody has it.\n')).toEqual([
    { kind: 'word', line: 2, text: 'Somebody: a named actor' },
  ])
})

test('the prose check reads comments around and inside template literals, but not their text', () => {
  const expression = (text: string): string => `$${`{${text}}`}`
  const first = `const a = \`/** Of. ${expression('b /* lest */')}\``
  const source = [first, '/** Of one. */', `const c = \`${expression('a')}\``, '// lest'].join('\n')
  expect(proseFaultsOf(source).map(({ line, text }) => [line, text])).toEqual([
    [1, 'lest: so that … not'],
    [2, 'Of one.'],
    [4, 'lest: so that … not'],
  ])
})

test('the prose check accepts a compound word that ends with a reported word', () => {
  expect(proseFaultsOf('// a dead-letter message\n')).toEqual([])
})
