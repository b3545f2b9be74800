/** nvidia-smi itself takes a tenth of a second. */
const INTERVAL_MS = 500
/** The driver needs one to two seconds for a process that held a whole card. Memory that still rises then is another's. */
const MAX_READINGS = 10

/**
 * Free memory of a card once it has stopped rising. The driver gives the memory of a killed process back some time after
 * the process is gone. A plan that is made in between would be for a smaller card. `wait` is given milliseconds.
 */
export const readSettledFreeBytes = async (
  read: () => Promise<number>,
  wait: (ms: number) => Promise<unknown>,
): Promise<number> => {
  let free = await read()
  for (let readings = 1; readings < MAX_READINGS; readings++) {
    await wait(INTERVAL_MS)
    const next = await read()
    if (next <= free) return next
    free = next
  }
  return free
}
