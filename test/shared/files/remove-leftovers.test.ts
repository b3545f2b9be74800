import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { type PartialKind, partialName, processesSeen } from '../../../shared/files/partial-name.ts'
import { removeLeftovers } from '../../../shared/files/remove-leftovers.ts'
import { anEndedProcess } from '../../fixtures/an-ended-process.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

const NOW_MS = Date.parse('2026-11-24T12:00:00Z')
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000]

/** A name by a process of another machine. */
const foreignName = (kind: PartialKind): string => partialName(kind, 1).replace(processesSeen(), '00000000')

const aFolder = async () => {
  const folder = await temporaryDir()
  const at = (name: string): string => path.join(folder, name)
  return {
    folder,
    at,
    names: async () => (await readdir(folder)).toSorted(),
    async file(name: string, ageMs = 0): Promise<string> {
      await writeFile(at(name), 'half')
      await utimes(at(name), 0, (NOW_MS - ageMs) / 1000)
      return name
    },
    async hiddenFolder(name: string, ageMs = 0): Promise<string> {
      await mkdir(at(name))
      await writeFile(path.join(at(name), 'cup.rgb'), 'half')
      await utimes(at(name), 0, (NOW_MS - ageMs) / 1000)
      return name
    },
  }
}

test('files and folders of a process that has ended are removed at once', async () => {
  const { folder, at, file, hiddenFolder, names } = await aFolder()
  const processId = await anEndedProcess()
  const left = [
    await file(partialName('other', processId)),
    await file(partialName('download', processId)),
    await hiddenFolder(partialName('other', processId)),
  ]
  await file('cup.mp4')
  const found = await removeLeftovers([folder, folder], NOW_MS)
  expect(found.removed.toSorted()).toEqual(left.map(at).toSorted())
  expect(found.left).toEqual([])
  expect(await names()).toEqual(['cup.mp4'])
})

test('those of a process that runs stay, however old they are, and have no line', async () => {
  const { folder, file, hiddenFolder, names } = await aFolder()
  const kept = [
    await file(partialName('download'), 1000 * HOUR_MS),
    await hiddenFolder(partialName(), 1000 * HOUR_MS),
    await hiddenFolder(partialName('other', process.ppid), 1000 * HOUR_MS),
  ]
  expect(await removeLeftovers([folder], NOW_MS)).toEqual({ removed: [], left: [] })
  expect(await names()).toEqual(kept.toSorted())
})

test('of another machine, a download is removed after an hour without a write', async () => {
  const { folder, at, file, names } = await aFolder()
  const old = await file(foreignName('download'), HOUR_MS + MINUTE_MS)
  const young = await file(foreignName('download'), HOUR_MS - MINUTE_MS)
  expect(await removeLeftovers([folder], NOW_MS)).toEqual({ removed: [at(old)], left: [] })
  expect(await names()).toEqual([young])
})

test('of another machine, the rest stays, and is named after a day', async () => {
  const { folder, at, hiddenFolder, names } = await aFolder()
  const old = await hiddenFolder(foreignName('other'), 25 * HOUR_MS)
  const young = await hiddenFolder(foreignName('other'), 23 * HOUR_MS)
  expect(await removeLeftovers([folder], NOW_MS)).toEqual({ removed: [], left: [at(old)] })
  expect(await names()).toEqual([old, young].toSorted())
})

test('other hidden files stay', async () => {
  const { folder, file, names } = await aFolder()
  await file('.svd-1.partial', 1000 * HOUR_MS)
  await file('.cup.mp4.partial', 1000 * HOUR_MS)
  expect(await removeLeftovers([folder], NOW_MS)).toEqual({ removed: [], left: [] })
  expect(await names()).toEqual(['.cup.mp4.partial', '.svd-1.partial'])
})

test('a folder that is not there has none', async () => {
  const none = path.join(await temporaryDir(), 'none')
  expect(await removeLeftovers([none], NOW_MS)).toEqual({ removed: [], left: [] })
})
