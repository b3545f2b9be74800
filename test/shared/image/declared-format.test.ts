import { describe, expect, test } from 'vitest'
import { checkDeclaredFormat, formatOfName } from '../../../shared/image/declared-format.ts'

describe('the format of the file name', () => {
  test.each([
    ['images/a.png', 'PNG'],
    ['IMG_0001.JPG', 'JPEG'],
    ['a.jpeg', 'JPEG'],
    ['a.tar.webp', 'WebP'],
  ])('%s is %s', (name, format) => {
    expect(formatOfName(name, 'image')).toBe(format)
  })

  test.each([
    ['a.gif', "image: its name ends with '.gif'; must end with .png, .jpg, .jpeg or .webp"],
    ['png', 'image: its name has no ending; must end with'],
    ['a.png/b', 'image: its name has no ending'],
    ['a.constructor', "image: its name ends with '.constructor'"],
  ])('%s is refused', (name, message) => {
    expect(() => formatOfName(name, 'image')).toThrow(message)
  })
})

describe('the content type of a JPEG', () => {
  test.each([
    null,
    '',
    'application/octet-stream',
    'binary/octet-stream',
    'image/jpeg',
    'image/jpg',
    'IMAGE/JPEG',
    'image/jpeg; charset=binary',
  ])('may be %j', (contentType) => {
    expect(() => checkDeclaredFormat('JPEG', { key: 'a.jpg', contentType }, 'image')).not.toThrow()
  })

  test.each(['image/png', 'image/webp', 'text/html', 'image/svg+xml', 'constructor'])(
    'may not be %j',
    (contentType) => {
      expect(() => checkDeclaredFormat('JPEG', { key: 'a.jpg', contentType }, 'image')).toThrow(
        'content type',
      )
    },
  )
})
