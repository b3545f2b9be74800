import { CAPABILITIES, type CapabilityName } from './capabilities.ts'
import type { ImplementationName } from './implementation.ts'

/** Deviations of fauxqs, in memory and on disk, that `svd local` does not correct. */
const OF_FAUXQS = {
  'body that has not the SHA-256 announced': 'accepted, something there',
  'earlier version of an object': 'no versions',
  'version of a deletion': 'no versions',
  'order of a listing': 'another',
  'listing of several pages': 'loses keys',
  'object of 12 MiB in one request': 'refused',
  'tags of a write': 'forgotten',
  'tags on an object': 'replace its bytes',
  'group of a message': 'forgotten',
  'body with an emoji': 'refused',
  'extension after the time is over': 'accepted',
  'extension beyond 12 hours from the receive': 'accepted',
  StartMessageMoveTask: 'not there',
  'notification of a new object to a queue': 'none',
  'key in a notification': null,
  'sequencer in a notification': null,
} as const

/**
 * Deviations of implementations from what AWS documents. Tests check them too: an emulator that has been mended
 * turns them red, so that the entry is removed. `null`: the implementation lacks the capability.
 */
const DEVIATIONS: Readonly<
  Record<ImplementationName, Readonly<Partial<Record<CapabilityName, string | null>>>>
> = {
  memory: {
    'object of 12 MiB in one request': null,
    'tags on an object': null,
    'two bodies of 600 KiB in one batch': null,
    'long poll': 'ends at once',
    StartMessageMoveTask: null,
    'notification of a new object to a queue': null,
    'key in a notification': null,
    'sequencer in a notification': null,
  },
  fauxqs: {
    ...OF_FAUXQS,
    'create where something is': 'overwritten',
    'create in parts where something is': 'overwritten',
    'eight creators at once': '8 win',
    'replace with an outdated etag': 'overwritten',
    'replace of what was deleted': 'accepted, second there',
  },
  embedded: OF_FAUXQS,
  moto: {
    'body that has not the SHA-256 announced': 'accepted, something there',
    'extension after the time is over': 'accepted',
    'extension when another has received it since': 'accepted',
    'removal when another has received it since': 'removes it',
    StartMessageMoveTask: 'not there',
    'key in a notification': 'form-URL-encoded, slashes too',
    'sequencer in a notification': 'missing',
  },
}

/** The behaviour that a run has to observe. */
export const expectedOf = (implementation: ImplementationName, name: CapabilityName): string | null => {
  const deviation = DEVIATIONS[implementation][name]
  return deviation === undefined ? CAPABILITIES[name].aws : deviation
}
