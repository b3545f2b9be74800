import { IMAGES_PREFIX } from '../contracts/bucket-layout.ts'
import { keyFault } from '../contracts/object-key.ts'
import { shownValue } from '../contracts/shown-value.ts'

/** `https://…`, `s3://…`, `file:…`, `data:…`. */
const URL_START = /^([a-z][a-z0-9+.-]*:\/\/|\/\/|data:|file:)/i

/**
 * Why an item may not name this image, or null: images are keys under `images/` in the manifest's own bucket, and
 * nothing else.
 */
export const imageKeyFault = (key: string): string | null => {
  const got = `got ${shownValue(key)}`
  if (URL_START.test(key)) {
    return (
      `${got}, a URL; images are never fetched from elsewhere: ` +
      `upload it to ${IMAGES_PREFIX} in this bucket and give its key`
    )
  }
  const fault = keyFault(key) ?? keyFault(key.normalize('NFC'))
  if (fault !== null) return `${got}, which ${fault}; must be the key of an image under ${IMAGES_PREFIX}`
  if (!key.startsWith(IMAGES_PREFIX)) return `${got}; must be a key under ${IMAGES_PREFIX} in this bucket`
  if (key.endsWith('/')) return `${got}, a folder; must be the key of an image in it`
  return null
}
