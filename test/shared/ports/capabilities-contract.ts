import { describe, expect, test } from 'vitest'
import { CAPABILITIES, CAPABILITY_NAMES } from './capabilities.ts'
import { expectedOf } from './deviations.ts'
import type { Implementation } from './implementation.ts'

/** Each capability is as AWS documents it, or deviates as deviations.ts says. */
export const capabilitiesContract = (open: () => Implementation): void => {
  describe('the capability', () => {
    test.each(CAPABILITY_NAMES)('"%s" is as AWS documents it, or as deviations.ts lists it', async (name) => {
      const implementation = open()
      expect(await CAPABILITIES[name].observe(implementation)).toBe(expectedOf(implementation.name, name))
    })
  })
}
