/** The worker shuts down before the job can be completed, so another worker takes it. */
export class DrainingError extends Error {
  override readonly name = 'DrainingError'
}
