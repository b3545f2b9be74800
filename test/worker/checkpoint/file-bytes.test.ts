import { expect, test } from 'vitest'
import { openFault } from '../../../worker/checkpoint/file-bytes.ts'

test.each([
  ['EACCES', 'there is no permission to read it, or a folder above it: change that with chmod'],
  ['EPERM', 'there is no permission to read it, or a folder above it: change that with chmod'],
  ['EIO', 'EIO: check its disk'],
])('openFault explains %s with its reason and its fix', (code, reason) => {
  const fault = openFault('unet/config.json', Object.assign(new Error('no'), { code }))
  expect(fault.message).toBe(`unet/config.json: cannot be opened; ${reason}`)
})
