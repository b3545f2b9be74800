/** Whether a process with that id exists on this machine, also one of another user. */
export const isRunning = (processId: number): boolean => {
  try {
    // Signal 0 is not sent: kill(2) only checks that the process exists, and whose it is.
    return process.kill(processId, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
