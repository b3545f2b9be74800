import { writeFile } from 'node:fs/promises'
import { CAPABILITIES, CAPABILITY_NAMES } from './capabilities.ts'
import { expectedOf } from './deviations.ts'
import { EMULATORS_DOCUMENT, renderEmulatorsDocument } from './emulators-document.ts'
import type { Implementation } from './implementation.ts'
import { openFauxqs } from './open-fauxqs.ts'
import { openMemory } from './open-memory.ts'
import { openMoto } from './open-moto.ts'

/* Observes every implementation and writes shared/aws/EMULATORS.md. Exit 1: deviations.ts says otherwise, or no moto. */

const observed = new Map<string, string | null>()
const differences: string[] = []

const observe = async (implementation: Implementation): Promise<void> => {
  await using opened = implementation
  for (const name of CAPABILITY_NAMES) {
    const observation = await CAPABILITIES[name].observe(opened)
    observed.set(`${opened.name} ${name}`, observation)
    const expected = expectedOf(opened.name, name)
    if (observation !== expected) {
      differences.push(`${opened.name}, ${name}: ${observation}, not ${expected} as in deviations.ts`)
    }
  }
}

const moto = await openMoto()
if (moto === null) throw new Error('no moto: set SVD_PYTHON to a Python that has moto[server]')
for (const implementation of [moto, await openFauxqs(), await openMemory()]) await observe(implementation)

const document = renderEmulatorsDocument(
  (implementation, name) => observed.get(`${implementation} ${name}`) ?? null,
)
await writeFile(EMULATORS_DOCUMENT, document)
for (const difference of differences) console.error(difference)
process.exitCode = differences.length > 0 ? 1 : 0
