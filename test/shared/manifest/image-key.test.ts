import { describe, expect, test } from 'vitest'
import { imageKeyFault } from '../../../shared/manifest/image-key.ts'

describe('a manifest item may name the image', () => {
  test.each([
    'images/a.png',
    'images/a b/Käse (1)+#?.png',
    'images/..a/b..png',
    'images/%20.png',
    `images/${'x'.repeat(1013)}.png`.slice(0, 1024),
  ])('%s', (key) => {
    expect(imageKeyFault(key)).toBeNull()
  })
})

describe('a manifest item may not name the image', () => {
  test.each([
    ['https://example.com/a.png', /a URL; images are never fetched from elsewhere: upload it to images\//],
    ['s3://input/images/a.png', /a URL/],
    ['HTTP://169.254.169.254/latest/meta-data', /a URL/],
    ['//example.com/a.png', /a URL/],
    ['file:/etc/passwd', /a URL/],
    ['data:image/png;base64,AAAA', /a URL/],
    ['images/../secret.png', /has a part that is \. or \.\./],
    ['images/a/..', /has a part that is \. or \.\./],
    ['images/./a.png', /has a part that is \. or \.\./],
    ['/images/a.png', /begins with \//],
    ['images//a.png', /has \/\/ in it/],
    ['images\\a.png', /has a backslash/],
    ['images/a\n.png', /has a control character/],
    ['images/a\u0000.png', /has a control character/],
    ['images/%2e%2E/a.png', /has %2e or %2f in it/],
    ['images/a%2Fb.png', /has %2e or %2f in it/],
    ['images/\ud800.png', /half of a surrogate pair/],
    [`images/${'é'.repeat(509)}.png`, /has 1029 bytes; a key has at most 1024/],
    ['manifests/a.png', /must be a key under images\//],
    ['Images/a.png', /must be a key under images\//],
    ['images/', /a folder/],
    ['images/a/', /a folder/],
  ])('%j', (key, message) => {
    expect(imageKeyFault(key)).toMatch(message)
  })
})

test('a fault shows control characters and bidirectional marks as escapes', () => {
  const message = imageKeyFault('images/\u001b[31m\u202egnp.png')
  expect(message).toContain("got 'images/\\u001b[31m\\u202egnp.png'")
})
