import { expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { readPackageIndex } from '../../../worker/cuda/package-index.ts'

const VARIABLE = { PIP_INDEX_URL: 'https://mirror.example.com/pypi/simple' }

test.each<[string, string | undefined, Record<string, string>, string]>([
  ['the option', 'https://option.example.com/simple', VARIABLE, 'https://option.example.com/simple/'],
  ['pip’s variable without the option', undefined, VARIABLE, 'https://mirror.example.com/pypi/simple/'],
  ['PyPI without option and variable', undefined, {}, 'https://pypi.org/simple/'],
  ['PyPI if the variable is empty', undefined, { PIP_INDEX_URL: '' }, 'https://pypi.org/simple/'],
])('readPackageIndex returns the index of %s', (_, option, environment, url) => {
  const index = readPackageIndex(option, environment)
  expect([index.url.href, index.headers]).toEqual([url, {}])
})

test('readPackageIndex moves the credentials of the URL into a header', () => {
  const { url, headers } = readPackageIndex('https://me%40home:p%3Aw@example.com/simple/', {})
  expect(url.href).toBe('https://example.com/simple/')
  expect(headers).toEqual({ authorization: `Basic ${Buffer.from('me@home:p:w').toString('base64')}` })
})

test('readPackageIndex keeps a percent sign of a password that encodes nothing', () => {
  const { headers } = readPackageIndex('https://me:50%@example.com/simple/', {})
  expect(headers).toEqual({ authorization: `Basic ${Buffer.from('me:50%').toString('base64')}` })
})

test.each([
  ['--index-url', '/opt/mirror', {}],
  ['--index-url', 'file:///opt/mirror/simple', {}],
  ['--index-url', '', VARIABLE],
  ['PIP_INDEX_URL', undefined, { PIP_INDEX_URL: 'ftp://example.com/simple' }],
])('readPackageIndex refuses %s of %s and names the alternative', (field, option, environment) => {
  const read = () => readPackageIndex(option, environment)
  expect(read).toThrow(InvalidInputError)
  expect(read).toThrow(
    `${field}: got '${option ?? environment['PIP_INDEX_URL']}'; must be a URL that begins with`,
  )
  expect(read).toThrow('use --wheel FILE')
})

test('readPackageIndex shows a refused URL without its password', () => {
  const read = () => readPackageIndex('ftp://me:secret@example.com/simple', {})
  expect(read).toThrow("got 'ftp://***@example.com/simple'")
})
