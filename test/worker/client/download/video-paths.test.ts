import { readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { requestOfJob } from '../../../../worker/client/download/clip-request.ts'
import { openClipDownload } from '../../../../worker/client/download/download-clips.ts'
import { parseNameTemplate } from '../../../../worker/client/download/name-template.ts'
import { type JobStatus, statusOfResultRecord } from '../../../../worker/client/tracking/job-status.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { anOutput, aResult } from '../../../fixtures/job-records.ts'
import { openMemoryObjectStore } from '../../../fixtures/memory-object-store.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'

interface SomeOptions {
  readonly template?: string
  readonly posters?: boolean
}

/** Two clips of one image that differ in the seed, and a folder. */
const twoSeeds = async (metadata = true) => {
  const outputs = openMemoryObjectStore({ bucket: 'out', now: () => 0 })
  const folder = await temporaryDir()
  const jobs: JobStatus[] = []
  for (const [id, seed] of [
    ['aa', 1],
    ['bb', 2],
  ] as const) {
    const output = anOutput(jobIdLike(id), `video ${id}`)
    await outputs.put(output.video.key, Buffer.from(`video ${id}`), { contentType: 'video/mp4' }, unaborted)
    await outputs.put(output.poster.key, Buffer.from('poster'), { contentType: 'image/png' }, unaborted)
    const parameters = { seed, ...(metadata ? {} : { metadata: false }) }
    jobs.push(statusOfResultRecord(aResult({ jobId: jobIdLike(id), outputs: [output], parameters })))
  }
  const download = async (
    selected: readonly JobStatus[],
    { template, posters = false }: SomeOptions = {},
  ) => {
    const opened = openClipDownload(outputs, selected.map(requestOfJob), {
      ...{ folder, option: '--to', overwrite: false, posters, onFile() {} },
      template: template === undefined ? null : parseNameTemplate('--name', template),
    })
    await opened.plan(selected, unaborted)
    await opened.fetch(selected, unaborted)
    const files = opened.files.map(({ file, outcome, insteadOf }) => {
      return [path.basename(file), outcome, insteadOf === null ? null : path.basename(insteadOf)] as const
    })
    return files.toSorted(([a], [b]) => (a < b ? -1 : 1))
  }
  const [first, second] = jobs as [JobStatus, JobStatus]
  const at = (name: string): string => path.join(folder, name)
  return { first, second, at, download, names: async () => (await readdir(folder)).toSorted() }
}

test('a clip that was downloaded alone keeps its name where its batch is downloaded', async () => {
  const { first, second, download, names } = await twoSeeds()
  expect(await download([first])).toEqual([['cup-aa000000.mp4', 'downloaded', null]])
  const all = [
    ['cup-aa000000.mp4', 'kept', 'cup-seed-1-aa000000.mp4'],
    ['cup-seed-2-bb000000.mp4', 'downloaded', null],
  ]
  expect(await download([first, second])).toEqual(all)
  expect(await names()).toEqual([
    ...['cup-aa000000.json', 'cup-aa000000.mp4', 'cup-seed-2-bb000000.json', 'cup-seed-2-bb000000.mp4'],
  ])
})

test('a clip that was downloaded with its batch keeps its name where it is downloaded alone', async () => {
  const { first, second, download } = await twoSeeds()
  await download([first, second])
  expect(await download([second])).toEqual([['cup-seed-2-bb000000.mp4', 'kept', 'cup-bb000000.mp4']])
})

test('a clip without a record keeps its name too', async () => {
  const { first, second, download } = await twoSeeds(false)
  await download([first])
  expect((await download([first, second]))[0]).toEqual([
    ...['cup-aa000000.mp4', 'kept', 'cup-seed-1-aa000000.mp4'],
  ])
})

test('files that come later get the name of those that are there', async () => {
  const { first, second, download } = await twoSeeds()
  await download([first])
  expect((await download([first, second], { posters: true })).slice(0, 2)).toEqual([
    ['cup-aa000000.mp4', 'kept', 'cup-seed-1-aa000000.mp4'],
    ['cup-aa000000.poster.png', 'downloaded', 'cup-seed-1-aa000000.poster.png'],
  ])
})

test('of two names by default, the name of the selection is kept', async () => {
  const { first, second, at, download } = await twoSeeds()
  await download([first, second])
  await writeFile(at('cup-aa000000.mp4'), 'video aa')
  expect((await download([first, second]))[0]).toEqual(['cup-seed-1-aa000000.mp4', 'kept', null])
})

test.each([
  ['has other bytes', 'cup-aa000000.mp4', 'video xx'],
  ['has a name that no download gives by default', 'cup-mine-aa000000.mp4', 'video aa'],
  ['has the name of another image', 'cap-aa000000.mp4', 'video aa'],
])('a file is not taken for the clip that %s', async (_, name, content) => {
  const { first, second, at, download } = await twoSeeds()
  await writeFile(at(name), content)
  expect((await download([first, second]))[0]).toEqual(['cup-seed-1-aa000000.mp4', 'downloaded', null])
})

test('a name is not kept of which another document has the record', async () => {
  const { first, second, at, download } = await twoSeeds()
  await download([first])
  await rm(at('cup-aa000000.json'))
  await writeFile(at('cup-aa000000.json'), '{"mine": true}')
  expect((await download([first, second]))[0]).toEqual(['cup-seed-1-aa000000.mp4', 'downloaded', null])
})

test('a name by a template is always that of the template', async () => {
  const { first, download, names } = await twoSeeds()
  await download([first])
  expect(await download([first], { template: '{image}' })).toEqual([['cup.mp4', 'downloaded', null]])
  expect(await names()).toContain('cup.mp4')
})
