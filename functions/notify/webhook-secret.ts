/**
 * A new secret is used at the latest so long after it was stored. GetSecretValue is a request a process and five minutes,
 * and not one an event.
 */
export const SECRET_CACHE_MS = 5 * 60_000

/** A shorter secret could be guessed from one signed event. */
const MIN_SECRET_CHARACTERS = 32

const checked = (secret: string): string => {
  const characters = secret.trim().length
  if (characters >= MIN_SECRET_CHARACTERS) return secret
  throw new Error(
    `svd:webhookHmacSecret: the secret has ${characters} characters, and must have at least ${MIN_SECRET_CHARACTERS}; store a random one, such as that of \`openssl rand -hex 32\``,
  )
}

/**
 * Reads a secret once for `SECRET_CACHE_MS`. Concurrent calls share a read. A read that fails throws and is not kept, so
 * that nothing is published without its signature, and the next call reads again.
 */
export const cachedSecret = (
  read: (signal: AbortSignal) => Promise<string>,
  now: () => Date,
): ((signal: AbortSignal) => Promise<string>) => {
  let kept: { readonly secret: Promise<string>; readonly untilMs: number } | null = null
  return (signal) => {
    const nowMs = now().getTime()
    if (kept !== null && nowMs < kept.untilMs) return kept.secret
    const secret = read(signal).then(checked)
    const reading = { secret, untilMs: nowMs + SECRET_CACHE_MS }
    kept = reading
    secret.catch(() => {
      if (kept === reading) kept = null
    })
    return secret
  }
}
