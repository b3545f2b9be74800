import { expect, test } from 'vitest'
import { foreignRequestFault } from '../../shared/foreign-request.ts'

test.each([
  { host: '127.0.0.1:4566' },
  { host: '127.0.0.1' },
  { host: 'localhost:4566' },
  { host: 'LOCALHOST:4566' },
  { host: '[::1]:4566' },
  { host: 'svd-input.localhost:4566' },
  { host: '127.0.0.1:4566', origin: 'http://127.0.0.1:4566' },
  { host: '127.0.0.1:4566', 'sec-fetch-site': 'none' },
  { host: '127.0.0.1:4566', 'sec-fetch-site': 'same-origin' },
])('a request with the headers %j is from this machine', (headers) => {
  expect(foreignRequestFault(headers)).toBeNull()
})

test.each([
  {},
  { host: 'evil.example' },
  { host: 'evil.example:4566' },
  { host: 'localhost.evil.example:4566' },
  { host: '127.0.0.1.evil.example' },
  { host: 'evil-localhost' },
  { host: 'localhost@evil.example' },
  { host: 'evil.example/.localhost' },
  { host: '192.168.1.7:4566' },
])('a request with the headers %j is refused because of its Host', (headers) => {
  expect(foreignRequestFault(headers)).toMatch(/^Host: got '.*'; must be 127\.0\.0\.1 or localhost/)
})

test.each([
  'http://evil.example',
  'null',
  'http://127.0.0.1:3000',
  'https://127.0.0.1:4566',
  'http://localhost:4566',
])('a request with the Origin %s is refused', (origin) => {
  expect(foreignRequestFault({ host: '127.0.0.1:4566', origin })).toBe(
    `Origin: got '${origin}'; this server takes no requests from web pages`,
  )
})

test.each(['cross-site', 'same-site'])(
  'a request with Sec-Fetch-Site %s is refused, because another page sent it',
  (site) => {
    expect(foreignRequestFault({ host: '127.0.0.1:4566', 'sec-fetch-site': site })).toMatch(
      /^Sec-Fetch-Site: got/,
    )
  },
)
