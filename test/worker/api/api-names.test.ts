import { expect, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { withApiNames, withApiNamesNow } from '../../../worker/api/api-names.ts'

const messageOf = async (error: Error): Promise<string> =>
  await withApiNames(() => Promise.reject(error)).then(
    () => 'no error',
    ({ message }: Error) => message,
  )

test('withApiNames renames options in the field and in the text of an input error', async () => {
  const error = new InvalidInputError(
    '--memory',
    'got resident; --num-frames 4 fits, as does --memory low-vram',
  )
  expect(await messageOf(error)).toBe('memory: got resident; num_frames 4 fits, as does memory low-vram')
})

test('withApiNames keeps an input error whose argument the API spells as the command line does', async () => {
  const error = new InvalidInputError('num_frames', 'got 0; must be at least 1')
  await expect(withApiNames(() => Promise.reject(error))).rejects.toBe(error)
})

test('withApiNames keeps an error that is not an InvalidInputError', async () => {
  const error = new Error('--output: the disk is full')
  await expect(withApiNames(() => Promise.reject(error))).rejects.toBe(error)
})

test('withApiNames and withApiNamesNow return the value of work that succeeds', async () => {
  expect(await withApiNames(async () => 7)).toBe(7)
  expect(withApiNamesNow(() => 7)).toBe(7)
})
