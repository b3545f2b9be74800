import { AbortError } from 'p-retry'
import { z } from 'zod'
import { type Address, addressOf } from './package-index.ts'
import type { ProviderRelease } from './provider-release.ts'
import { request } from './request.ts'

/** PEP 691. Older mirrors have only the HTML of PEP 503. */
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json'
const ACCEPT = `${JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`

const pageSchema = z.object({ files: z.array(z.object({ filename: z.string(), url: z.string() })) })

interface Link {
  readonly filename: string
  readonly url: string
}

const linksOfJson = (text: string, page: URL): readonly Link[] => {
  try {
    return pageSchema.parse(JSON.parse(text)).files
  } catch (cause) {
    throw new AbortError(new Error(`${page} is not a list of files as PEP 691 has it`, { cause }))
  }
}

const HREF = /<a\s[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')/gi

/** A link's file is the last part of its path, as in pip; its text may be anything. */
const linksOfHtml = (text: string, page: string): readonly Link[] =>
  [...text.matchAll(HREF)].flatMap(([, quoted, apostrophed]) => {
    const url = (quoted ?? apostrophed ?? '').replaceAll('&amp;', '&')
    const filename = URL.parse(url, page)?.pathname.split('/').at(-1)
    return filename === undefined ? [] : [{ filename, url }]
  })

/**
 * The address of a release's wheel. Throws p-retry's AbortError if the index has no such wheel, and what `request`
 * throws.
 */
export const findWheel = async (
  index: Address,
  { project, version, wheel }: ProviderRelease,
  signal: AbortSignal,
): Promise<Address> => {
  const page = new URL(`${project}/`, index.url)
  const response = await request({ url: page, headers: { ...index.headers, accept: ACCEPT } }, signal)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith(JSON_TYPE) === true
  const links = isJson ? linksOfJson(text, page) : linksOfHtml(text, response.url)
  const found = links.find(({ filename }) => filename === wheel.name)
  if (found === undefined) {
    const fix = 'name an index that has it with --index-url, or download it elsewhere and give --wheel FILE'
    throw new AbortError(`${page} does not list ${wheel.name}, which has version ${version}; ${fix}`)
  }
  const url = URL.parse(found.url, response.url)
  if (url === null) throw new AbortError(`${page} lists ${wheel.name} with an address that is not a URL`)
  const address = addressOf(url)
  // As in pip: the index's credentials go along to its own host, and to no other.
  const isSameHost = url.origin === index.url.origin
  return {
    url: address.url,
    headers: isSameHost ? { ...index.headers, ...address.headers } : address.headers,
  }
}
