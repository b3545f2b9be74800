import { describe, expect, test } from 'vitest'
import { INDEX_PREFIX } from '../../../shared/contracts/bucket-layout.ts'
import { UPLOAD_KINDS } from '../../../shared/contracts/index-entry.ts'
import { keyOfUpload, listEntries } from '../../../shared/job-index/list-entries.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { aPng } from '../../fixtures/pictures.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { aWorld, s3Event } from './a-world.ts'

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
  test('has an upload until its key is accepted', async () => {
    const { output, drop, wait } = aWorld()
    const lines = '{"image": "images/ä.png"}\n{"image": 1}'
    await drop('images/ä.png', 'no picture')
    wait(1000)
    await drop('elsewhere/x.png', 'x')
    expect(await uploadsIn(output)).toEqual(['rejected elsewhere/x.png', 'rejected images/ä.png'])
    await drop('images/ä.png', await aPng())
    expect(await uploadsIn(output)).toEqual(['rejected elsewhere/x.png'])
    await drop('manifests/m.jsonl', lines)
    expect(await uploadsIn(output)).toEqual(['rejected elsewhere/x.png', 'partly manifests/m.jsonl'])
  })

  test('has an upload once, however often and however late its report is written again', async () => {
    const { output, put, ingest, wait } = aWorld()
    const object = await put('images/broken.png', 'no picture')
    for (let time = 0; time < 3; time++) {
      await ingest(s3Event(object))
      wait(60_000)
    }
    expect(await uploadsIn(output)).toEqual(['rejected images/broken.png'])
  })

  test.each([1, 2, 3])('is the same where ingest ends after its change %d and runs again', async (place) => {
    let changes = 0
    let isArmed = false
    const after = (operation: string): void => {
      if (!isArmed || !['create', 'replace', 'delete'].includes(operation)) return
      changes += 1
      if (changes === place) throw new Error('the function ends')
    }
    const world = aWorld({ outputFaults: { after } })
    await world.drop('images/x.png', 'no picture')
    world.wait(60_000)
    const object = await world.put('images/x.png', 'still none')
    isArmed = true
    await expect(world.ingest(s3Event(object))).rejects.toThrow()
    world.wait(60_000)
    await world.ingest(s3Event(object))
    expect(await uploadsIn(world.output)).toEqual(['rejected images/x.png'])
    expect(world.output.keys().filter((key) => key.startsWith(INDEX_PREFIX))).toHaveLength(1)
  })

  test.each(['create', 'replace'])(
    'has an upload once, if a second run ends between %s and entry of the first',
    async (written) => {
      let isArmed = false
      const world: ReturnType<typeof aWorld> = aWorld({
        outputFaults: {
          async after(operation, key) {
            if (!isArmed || operation !== written || !key.startsWith('reports/')) return
            isArmed = false
            world.wait(1_000)
            await world.ingest(s3Event(object))
          },
        },
      })
      if (written === 'replace') await world.drop('images/x.png', 'no picture')
      const object = await world.put('images/x.png', 'still none')
      isArmed = true
      await world.ingest(s3Event(object))
      expect(isArmed).toBe(false)
      expect(await uploadsIn(world.output)).toEqual(['rejected images/x.png'])
      await world.drop('images/x.png', await aPng())
      expect(await uploadsIn(world.output)).toEqual([])
    },
  )

  test('costs an accepted upload no request', async () => {
    const requests: string[] = []
    const { drop } = aWorld({
      outputFaults: { before: (operation, key) => void requests.push(`${operation} ${key}`) },
    })
    await drop('images/x.png', await aPng())
    expect(requests.filter((request) => request.includes('reports/'))).toEqual([
      'head reports/images/x.png.json',
      'create reports/images/x.png.json',
    ])
  })
})
