import { describe, expect, test } from 'vitest'
import { missingDesktop } from '../../../worker/cli/desktop.ts'

const X11 = { DISPLAY: ':0' }
const WAYLAND = { WAYLAND_DISPLAY: 'wayland-0' }

describe('a desktop', () => {
  test.each([
    ['linux', X11],
    ['linux', WAYLAND],
    ['freebsd', X11],
    ['darwin', {}],
    ['win32', {}],
  ] as const)('is found on %s with %o when stdout is a terminal', (platform, environment) => {
    expect(missingDesktop({ environment, platform, isTerminal: true })).toBeNull()
  })

  test.each(['linux', 'freebsd', 'android'] as const)(
    'is not found on %s when DISPLAY and WAYLAND_DISPLAY are not set',
    (platform) => {
      const environment = { DISPLAY: '', WAYLAND_DISPLAY: undefined }
      expect(missingDesktop({ environment, platform, isTerminal: true })).toBe(
        'there is no desktop (DISPLAY and WAYLAND_DISPLAY are not set)',
      )
    },
  )

  test.each(['linux', 'darwin', 'win32'] as const)(
    'is not found on %s when stdout is not a terminal',
    (platform) => {
      expect(missingDesktop({ environment: X11, platform, isTerminal: false })).toBe(
        'stdout is not a terminal',
      )
    },
  )

  test.each(['linux', 'darwin', 'win32'] as const)('is not found on %s when CI is set', (platform) => {
    expect(missingDesktop({ environment: { ...X11, CI: 'true' }, platform, isTerminal: true })).toBe(
      'this is a CI job (CI is set)',
    )
  })

  test.each([
    ['SSH_CONNECTION', '192.0.2.1 50000 192.0.2.2 22'],
    ['SSH_CLIENT', '192.0.2.1 50000 22'],
    ['SSH_TTY', '/dev/pts/0'],
  ])('is not found over SSH when %s is set, even with X11 forwarding', (name, value) => {
    const environment = { DISPLAY: 'localhost:10.0', [name]: value }
    for (const platform of ['linux', 'darwin', 'win32'] as const)
      expect(missingDesktop({ environment, platform, isTerminal: true })).toBe(
        `the terminal is remote (${name} is set)`,
      )
  })
})
