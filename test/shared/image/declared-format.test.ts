import { describe, expect, test } from 'vitest'
import { checkDeclaredFormat, formatOfName } from '../../../shared/image/declared-format.ts'

describe('the format of a name', () => {
  test.each([
    ['images/a.png', 'PNG'],
    ['IMG_0001.JPG', 'JPEG'],
    ['a.jpeg', 'JPEG'],
    ['a.tar.webp', 'WebP'],
  ])('%s: %s', (name, format) => {
    expect(formatOfName(name, 'image')).toBe(format)
  })

  test.each([
    ['a.gif', "image: its name ends with '.gif'; must end with .png, .jpg, .jpeg or .webp"],
    ['png', 'image: its name has no ending; must end with'],
    ['a.png/b', 'image: its name has no ending'],
    ['a.constructor', "image: its name ends with '.constructor'"],
  ])('%s is none of ours', (name, message) => {
    expect(() => formatOfName(name, 'image')).toThrow(message)
  })
})

describe('a content type', () => {
  test.each([
    null,
    '',
    'application/octet-stream',
    'binary/octet-stream',
    'image/jpeg',
    'image/jpg',
    'IMAGE/JPEG',
    'image/jpeg; charset=binary',
  ])('%j does for a JPEG', (contentType) => {
    expect(() => checkDeclaredFormat('JPEG', { key: 'a.jpg', contentType }, 'image')).not.toThrow()
  })

  test.each(['image/png', 'image/webp', 'text/html', 'image/svg+xml', 'constructor'])(
    '%j does not',
    (contentType) => {
      expect(() => checkDeclaredFormat('JPEG', { key: 'a.jpg', contentType }, 'image')).toThrow(
        'content type',
      )
    },
  )
})
