import { describe, expect, test } from 'vitest'
import { readSidecar, type Sidecar } from '../../../shared/manifest/read-sidecar.ts'

const read = (document: object): Sidecar =>
  readSidecar(new TextEncoder().encode(JSON.stringify(document)), { maxManifestClips: 100 })

const faultsOf = (document: object): readonly string[] =>
  read(document).faults.map(({ field, message }) => `${field}: ${message}`)

describe('the parameters of a sidecar', () => {
  test('may be beside its other fields', () => {
    const { parameters, grid, group, faults } = read({
      motion_bucket_id: 30,
      grid: { seed: [1] },
      group: 'g',
    })
    expect(faults).toEqual([])
    expect(parameters.values).toEqual({ motion_bucket_id: 30 })
    expect([...grid.keys()]).toEqual(['seed'])
    expect(group).toBe('g')
  })

  test.each([
    ['beside its other fields', { fps: 0 }, 'sidecar.fps'],
    ['in parameters', { parameters: { fps: 0 } }, 'sidecar.parameters.fps'],
  ])('have their path in a fault: %s', (_, document, field) => {
    expect(faultsOf(document)).toEqual([
      `${field}: got 0; must be a whole number of frames per second from 1 to 240`,
    ])
    expect(read({ fps: 7 }).parameters.spell('fps')).toBe('sidecar.fps')
    expect(read({ parameters: { fps: 7 } }).parameters.spell('fps')).toBe('sidecar.parameters.fps')
  })

  test('are a fault when they are in both places', () => {
    expect(faultsOf({ motion_bucket_id: 30, parameters: { fps: 7 } })).toEqual([
      'sidecar.motion_bucket_id: got 30 beside sidecar.parameters; a sidecar has its arguments in one of the two, ' +
        'so write sidecar.parameters.motion_bucket_id, or write all of them without parameters',
    ])
  })

  test('may be beside a parameters field of null', () => {
    const { parameters, faults } = read({ motion_bucket_id: 30, parameters: null })
    expect(faults).toEqual([])
    expect(parameters.values).toEqual({ motion_bucket_id: 30 })
  })
})

test.each([
  [{ motion_bucket: 30 }, 'sidecar.motion_bucket: no such argument; did you mean motion_bucket_id?'],
  [
    { motion_bucket: 30, parameters: { fps: 7 } },
    'sidecar.motion_bucket: no such field; known are $schema, parameters, grid, group, context',
  ],
  [{ speed: 30 }, 'sidecar.speed: no such field; known are $schema, parameters, grid, group, context'],
  [
    { seeds: [1, 2] },
    'sidecar.seeds: no such argument; did you mean seed? several seeds are the grid of a sidecar or a manifest, ' +
      '"grid": { "seed": [1, 5, 9] }',
  ],
  [{ parameters: [30] }, 'sidecar.parameters: got [30]; must be an object of render parameters'],
])('an unknown name in a sidecar is a fault: %j', (document, fault) => {
  expect(faultsOf(document)).toEqual([fault])
})
