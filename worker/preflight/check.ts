/** A check before work begins, with its result. */
export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  /** Description of the state that was found. */
  readonly found: string
  /** Instruction to fix it; `null` if all is well. */
  readonly fix: string | null
}

export type Finding = Omit<Check, 'name'>

export const ok = (found: string): Finding => ({ status: 'ok', found, fix: null })
export const warn = (found: string, fix: string): Finding => ({ status: 'warn', found, fix })
export const fail = (found: string, fix: string): Finding => ({ status: 'fail', found, fix })

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Runs a check. If its probe throws, the check has failed, with `fix` as the instruction. */
export const runCheck = async (
  name: string,
  fix: string,
  probe: () => Finding | Promise<Finding>,
): Promise<Check> => {
  try {
    return { name, ...(await probe()) }
  } catch (error) {
    return { name, ...fail(textOf(error), fix) }
  }
}

/** Text of one check, with its fix on the line below. */
export const formatCheck = ({ status, name, found, fix }: Check): string =>
  `${status.padEnd(4)}  ${name.padEnd(12)}  ${found}${fix === null ? '' : `\n${' '.repeat(20)}fix: ${fix}`}`

/** Throws an error that lists every failed check, if there is one. */
export const assertFit = (checks: readonly Check[]): void => {
  const failed = checks.filter(({ status }) => status === 'fail')
  if (failed.length === 0) return
  throw new Error(`this machine cannot take jobs:\n${failed.map(formatCheck).join('\n')}`)
}
