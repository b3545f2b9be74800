import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { childEnvironment } from '../../shared/child-environment.ts'
import { once } from '../../shared/once.ts'

export interface CommandLine {
  readonly program: string
  readonly args: readonly string[]
}

const SETPRIV: CommandLine = { program: 'setpriv', args: ['--pdeathsig', 'KILL', '--'] }

const hasSetpriv = once(async (): Promise<boolean> => {
  try {
    await promisify(execFile)(SETPRIV.program, [...SETPRIV.args, 'true'], {
      env: childEnvironment(process.env),
    })
    return true
  } catch {
    return false
  }
})

/**
 * The command line that runs a program so that the kernel kills it when this process ends, also where SIGKILL ends this
 * process: by `setpriv` of util-linux, which then becomes the program. Where there is no `setpriv`, as on macOS, it is the
 * program alone.
 */
export const endWithParent = async (program: string): Promise<CommandLine> =>
  (await hasSetpriv())
    ? { program: SETPRIV.program, args: [...SETPRIV.args, program] }
    : { program, args: [] }
