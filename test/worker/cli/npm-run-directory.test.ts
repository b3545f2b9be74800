import { describe, expect, test } from 'vitest'
import { npmRunDirectory } from '../../../worker/cli/npm-run-directory.ts'

const RUN = { npm_lifecycle_event: 'svd', INIT_CWD: '/home/ada/photos' }

test('npm run svd uses the folder in which the user ran npm', () => {
  expect(npmRunDirectory(RUN, '/opt/svd-batch', '/opt/svd-batch/')).toBe('/home/ada/photos')
})

describe('npmRunDirectory', () => {
  test.each([
    ['of a command that npm did not start', {}, '/opt/svd-batch'],
    ['of npx svd', { ...RUN, npm_lifecycle_event: 'npx' }, '/opt/svd-batch'],
    ['of another script of this package', { ...RUN, npm_lifecycle_event: 'demo' }, '/opt/svd-batch'],
    ['of a script named svd in another package', RUN, '/home/ada/project'],
  ])('keeps the working directory %s', (_, environment, workingDirectory) => {
    expect(npmRunDirectory(environment, workingDirectory, '/opt/svd-batch/')).toBeNull()
  })
})
