/** The worker has to go before the job can be done: another one takes it. */
export class DrainingError extends Error {
  override readonly name = 'DrainingError'
}
