import { describe, expect, test } from 'vitest'
import { INDEX_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { UPLOAD_KINDS } from '../../../shared/contracts/index-entry.ts'
import { keyOfUpload, listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { aPng } from '../../fixtures/images.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { ingestSetup, s3Event } from './ingest-setup.ts'

const uploadsIn = async (output: ObjectStore): Promise<readonly string[]> => {
  const found: string[] = []
  for (const kind of UPLOAD_KINDS) {
    for await (const entry of listEntries(output, kind, unaborted)) {
      found.push(`${kind} ${await keyOfUpload(output, entry, unaborted)}`)
    }
  }
  return found
}

describe('the index of rejected uploads', () => {
  test('has an upload until ingest accepts an object with the same key', async () => {
    const { output, upload, wait } = ingestSetup()
    const lines = '{"image": "images/ä.png"}\n{"image": 1}'
    await upload('images/ä.png', 'no image')
    wait(1000)
    await upload('elsewhere/x.png', 'x')
    expect(await uploadsIn(output)).toEqual(['rejected elsewhere/x.png', 'rejected images/ä.png'])
    await upload('images/ä.png', await aPng())
    expect(await uploadsIn(output)).toEqual(['rejected elsewhere/x.png'])
    await upload('manifests/m.jsonl', lines)
    expect(await uploadsIn(output)).toEqual(['rejected elsewhere/x.png', 'partly manifests/m.jsonl'])
  })

  test('has an upload once, although its report is written several times', async () => {
    const { output, put, ingest, wait } = ingestSetup()
    const object = await put('images/broken.png', 'no image')
    for (let time = 0; time < 3; time++) {
      await ingest(s3Event(object))
      wait(60_000)
    }
    expect(await uploadsIn(output)).toEqual(['rejected images/broken.png'])
  })

  test.each([1, 2, 3])('is correct when ingest ends after its change %d and runs again', async (place) => {
    let changes = 0
    let isArmed = false
    const after = (operation: string): void => {
      if (!isArmed || !['create', 'replace', 'delete'].includes(operation)) return
      changes += 1
      if (changes === place) throw new Error('the function ends')
    }
    const setup = ingestSetup({ outputFaults: { after } })
    await setup.upload('images/x.png', 'no image')
    setup.wait(60_000)
    const object = await setup.put('images/x.png', 'still none')
    isArmed = true
    await expect(setup.ingest(s3Event(object))).rejects.toThrow()
    setup.wait(60_000)
    await setup.ingest(s3Event(object))
    expect(await uploadsIn(setup.output)).toEqual(['rejected images/x.png'])
    expect(setup.output.keys().filter((key) => key.startsWith(INDEX_PREFIX))).toHaveLength(1)
  })

  test.each(['create', 'replace'])(
    'has an upload once when a second run ends between %s and index entry of the first',
    async (written) => {
      let isArmed = false
      const setup: ReturnType<typeof ingestSetup> = ingestSetup({
        outputFaults: {
          async after(operation, key) {
            if (!isArmed || operation !== written || !key.startsWith('reports/')) return
            isArmed = false
            setup.wait(1_000)
            await setup.ingest(s3Event(object))
          },
        },
      })
      if (written === 'replace') await setup.upload('images/x.png', 'no image')
      const object = await setup.put('images/x.png', 'still none')
      isArmed = true
      await setup.ingest(s3Event(object))
      expect(isArmed).toBe(false)
      expect(await uploadsIn(setup.output)).toEqual(['rejected images/x.png'])
      await setup.upload('images/x.png', await aPng())
      expect(await uploadsIn(setup.output)).toEqual([])
    },
  )

  test('causes no request for an accepted upload', async () => {
    const requests: string[] = []
    const { upload } = ingestSetup({
      outputFaults: { before: (operation, key) => void requests.push(`${operation} ${key}`) },
    })
    await upload('images/x.png', await aPng())
    expect(requests.filter((request) => request.includes('reports/'))).toEqual([
      'head reports/images/x.png.json',
      'create reports/images/x.png.json',
    ])
  })
})
