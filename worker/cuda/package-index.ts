import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { shownValue } from '../../shared/contracts/shown-value.ts'

export const DEFAULT_INDEX_URL = 'https://pypi.org/simple'

/** A Python package index, as PEP 503 and PEP 691 describe it. */
export interface PackageIndex {
  /** Ends with a slash, and has no credentials, so that a message may show it. */
  readonly url: URL
  /** Credentials for requests to this origin; empty if there are none. */
  readonly headers: Readonly<Record<string, string>>
}

/** A password never reaches a terminal or a log. */
const withoutCredentials = (url: string): string => url.replace(/[^/\s]*@/, '***@')

const credentialsOf = ({ username, password }: URL): Readonly<Record<string, string>> => {
  if (username === '' && password === '') return {}
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/**
 * The index of `--index-url`, else of pip's variable PIP_INDEX_URL, else PyPI. Its URL may carry a user's name and
 * password, as pip allows. Throws InvalidInputError.
 */
export const readPackageIndex = (
  option: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): PackageIndex => {
  const variable = environment['PIP_INDEX_URL']
  const field = option === undefined && variable ? 'PIP_INDEX_URL' : '--index-url'
  const value = option ?? (variable || DEFAULT_INDEX_URL)
  const parsed = URL.parse(value)
  if (parsed === null || !['http:', 'https:'].includes(parsed.protocol)) {
    const rule = 'must be a URL that begins with http:// or https://'
    const fix = `such as ${DEFAULT_INDEX_URL}; for a wheel on this machine use --wheel FILE`
    throw new InvalidInputError(field, `got ${shownValue(withoutCredentials(value))}; ${rule}, ${fix}`)
  }
  const headers = credentialsOf(parsed)
  const url = new URL(parsed.href.endsWith('/') ? parsed.href : `${parsed.href}/`)
  url.username = ''
  url.password = ''
  return { url, headers }
}
