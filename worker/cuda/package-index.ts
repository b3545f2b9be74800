import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'

export const DEFAULT_INDEX_URL = 'https://pypi.org/simple'

/** A password never reaches a terminal or a log. */
const withoutCredentials = (url: string): string => url.replace(/[^/\s]*@/, '***@')

/** An address for requests. */
export interface Address {
  /** Has no credentials: `fetch` refuses them in a URL, and a message may show it. */
  readonly url: URL
  /** The header of the credentials; empty if there are none. */
  readonly headers: Readonly<Record<string, string>>
}

/** A password with a bare percent sign is meant as it is written. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Moves a URL's credentials into a header. */
export const addressOf = (given: URL): Address => {
  const url = new URL(given)
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' && password === '') return { url, headers: {} }
  const pair = `${decoded(username)}:${decoded(password)}`
  return { url, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

/**
 * The address of a Python package index, as PEP 503 and PEP 691 describe it: that of `--index-url`, else of pip's
 * variable PIP_INDEX_URL, else PyPI. It ends with a slash. Its URL may carry a user's name and password, as pip allows.
 * Throws InvalidInputError.
 */
export const readPackageIndex = (
  option: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Address => {
  const variable = environment['PIP_INDEX_URL']
  const field = option === undefined && variable ? 'PIP_INDEX_URL' : '--index-url'
  const value = option ?? (variable || DEFAULT_INDEX_URL)
  const parsed = URL.parse(value)
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    const rule = 'must be a URL that begins with http:// or https://'
    const fix = `such as ${DEFAULT_INDEX_URL}; for a wheel on this machine use --wheel FILE`
    throw new InvalidInputError(field, `got ${shownValue(withoutCredentials(value))}; ${rule}, ${fix}`)
  }
  return addressOf(new URL(parsed.href.endsWith('/') ? parsed.href : `${parsed.href}/`))
}
