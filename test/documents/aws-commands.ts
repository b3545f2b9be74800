import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { CommandWords } from './document-commands.ts'

const PROGRAM = fileURLToPath(new URL('aws_commands.py', import.meta.url))

/** A Python with botocore, which has the models of the AWS command line. moto installs it. `null` if there is none. */
export const findBotocore = async (): Promise<string | null> => {
  const given = process.env['SVD_PYTHON']
  for (const python of [...(given === undefined ? [] : [given]), 'python3']) {
    const { failed } = await execa(python, ['-c', 'import botocore'], { reject: false })
    if (!failed) return python
  }
  return null
}

/** Finds faults in commands, each given without `aws`: unknown operations of AWS and unknown parameters. */
export const readAwsFaults = async (
  python: string,
  commands: readonly CommandWords[],
): Promise<readonly string[]> => {
  const { stdout } = await execa(python, [PROGRAM], { input: JSON.stringify(commands) })
  return JSON.parse(stdout)
}
