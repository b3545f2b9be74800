import { readFileSync } from 'node:fs'
import { IgnoreStrategy } from 'aws-cdk-lib/core'
import { inRepository } from './in-repository.ts'

// Docker's rules, as the CDK applies them to the context of a build.
const ignored = IgnoreStrategy.docker(
  inRepository(),
  readFileSync(inRepository('.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#')),
)

/** Whether a build of the image gets to see it: a file, or something of a folder. */
export const isSent = (file: string): boolean =>
  !ignored.ignores(inRepository(file)) || !ignored.completelyIgnores(inRepository(file))
