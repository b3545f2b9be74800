import { describe, expect, test } from 'vitest'
import { STATUS_PREFIX } from '../../../../shared/contracts/bucket-layout.ts'
import { MAX_UPLOADS, type Schedule } from './schedule.ts'
import { type SimulationOptions, simulate } from './simulate.ts'
import { makeUploadableImages } from './uploadable-images.ts'

const images = await makeUploadableImages(MAX_UPLOADS)

const SEEDS_OF_A_FAULT = 400

/** Violations of the first seeds. No further seed is run once `isEnough` holds for the violations found. */
const violationsWith = async (
  alterStore: NonNullable<SimulationOptions['alterStore']>,
  isEnough: (found: readonly string[]) => boolean = () => false,
): Promise<readonly string[]> => {
  const found: string[] = []
  for (let seed = 1; seed <= SEEDS_OF_A_FAULT && !isEnough(found); seed++) {
    const alterSchedule = (schedule: Schedule) => ({ ...schedule, moreManifests: [], redrives: false })
    found.push(...(await simulate(seed, images, { alterStore, alterSchedule })).violations)
  }
  return found
}

describe('the simulation finds violations', () => {
  // A status that was overwritten would lose counted attempts, so a job could crash more workers.
  test('of the kind "result.json was written twice" alone when the store overwrites results', async () => {
    const found = await violationsWith((store) => ({
      ...store,
      async create(key, body, options, signal) {
        if (key.startsWith(STATUS_PREFIX)) return await store.create(key, body, options, signal)
        await store.put(key, body, options, signal)
        return true
      },
    }))

    expect(found).not.toEqual([])
    for (const what of found) expect(what).toMatch(/result\.json was written twice$/)
  })

  test('of mixed attempts when attempts share keys and the first upload of each key stays', async () => {
    const shared = (key: string): string => key.replace(/attempts\/[^/]+\//, 'attempts/shared/')
    const kinds = [/does not describe .*video\.mp4/, /is by \S+, and .* by \S+/, /mixes the clips/]
    const found = await violationsWith(
      (store) => ({
        ...store,
        read: (key, options, signal) => store.read(shared(key), options, signal),
        tagsOf: (key) => store.tagsOf(shared(key)),
        async create(key, body, options, signal) {
          const created = await store.create(shared(key), body, options, signal)
          return created || shared(key) !== key
        },
      }),
      (found) => kinds.every((kind) => found.some((what) => kind.test(what))),
    )

    for (const kind of kinds) expect(found).toContainEqual(expect.stringMatching(kind))
  })
})
