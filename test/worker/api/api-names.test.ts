import { expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { withApiNames, withApiNamesNow } from '../../../worker/api/api-names.ts'

const messageOf = async (error: Error): Promise<string> =>
  await withApiNames(() => Promise.reject(error)).then(
    () => 'no error',
    ({ message }: Error) => message,
  )

test("an option is named as the API's, in the field and in the text", async () => {
  const error = new InvalidInputError(
    '--memory',
    'got resident; --num-frames 4 fits, as does --memory low-vram',
  )
  expect(await messageOf(error)).toBe('memory: got resident; num_frames 4 fits, as does memory low-vram')
})

test('an argument that the API spells as the command line does not is left as it is', async () => {
  const error = new InvalidInputError('num_frames', 'got 0; must be at least 1')
  await expect(withApiNames(() => Promise.reject(error))).rejects.toBe(error)
})

test('an error that is not of the input is left as it is', async () => {
  const error = new Error('--output: the disk is full')
  await expect(withApiNames(() => Promise.reject(error))).rejects.toBe(error)
})

test('work that succeeds gives its value', async () => {
  expect(await withApiNames(async () => 7)).toBe(7)
  expect(withApiNamesNow(() => 7)).toBe(7)
})
