import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readKeptList } from '../../../../worker/client/download/kept-list.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const [A, B] = [jobIdLike('aa'), jobIdLike('bb')]

const read = async (content: unknown) => {
  const file = path.join(await temporaryDir(), 'kept.json')
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
  return await readKeptList('--kept', file)
}

test('a kept list returns each of its jobs once, and its kept videos', async () => {
  const list = await read({ version: 1, kept: [`${A}/0`, `${A}/2`, `${B}/0`], rejected: [`${A}/1`] })
  expect(list.jobIds).toEqual([A, B])
  expect([list.has(A, 0), list.has(A, 1), list.has(A, 2), list.has(B, 1)]).toEqual([true, false, true, false])
})

test.each([
  ['text that is not JSON', '{', 'which is not JSON; export the list from the page that svd report writes'],
  ['another version', { version: 2, kept: [] }, 'version: '],
  [
    'an invalid clip id',
    { version: 1, kept: ['aa/0'] },
    'kept[0]: must be JOB/VIDEO: the 32 digits of a job',
  ],
  ['no kept clip', { version: 1, kept: [] }, 'no clip is kept; mark clips on the page'],
  [
    'a clip that is both kept and rejected',
    { version: 1, kept: [`${A}/0`], rejected: [`${A}/0`] },
    `${A}/0 is both kept and rejected; remove one of the two`,
  ],
])('a kept list with %s is refused', async (_, content, fault) => {
  await expect(read(content)).rejects.toThrow(fault)
})

test('a kept list that does not exist is refused', async () => {
  await expect(readKeptList('--kept', '/nowhere/kept.json')).rejects.toThrow(
    "--kept: got '/nowhere/kept.json', which cannot be read: ENOENT",
  )
})
