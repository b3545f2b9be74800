import { describe, expect, test } from 'vitest'
import { npmRunDirectory } from '../../../worker/cli/npm-run-directory.ts'

const RUN = { npm_lifecycle_event: 'svd', INIT_CWD: '/home/ada/photos' }

test("npm run svd works in the user's folder", () => {
  expect(npmRunDirectory(RUN, '/opt/svd-batch', '/opt/svd-batch/')).toBe('/home/ada/photos')
})

describe('the working directory stays', () => {
  test.each([
    ['of a command that npm did not start', {}, '/opt/svd-batch'],
    ['of npx svd', { ...RUN, npm_lifecycle_event: 'npx' }, '/opt/svd-batch'],
    ['of another script of this package', { ...RUN, npm_lifecycle_event: 'demo' }, '/opt/svd-batch'],
    ["of a script called svd in somebody's own package", RUN, '/home/ada/project'],
  ])('%s', (_, environment, workingDirectory) => {
    expect(npmRunDirectory(environment, workingDirectory, '/opt/svd-batch/')).toBeNull()
  })
})
