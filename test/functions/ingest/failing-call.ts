/** The `n`th call of a port, counted from 1, fails: it never arrives, or its answer gets lost. */
export const failAt = (n: number, moment: 'before' | 'after') => {
  let calls = 0
  let armed = false
  const fail = (): void => {
    calls += 1
    if (armed && calls === n) throw new Error('500 Internal Error')
  }
  return {
    faults: { [moment]: fail },
    arm: () => {
      armed = true
      calls = 0
    },
    /** Whether there were so many calls. */
    disarm: () => {
      armed = false
      return calls >= n
    },
  }
}
