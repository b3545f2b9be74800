import { createHash, createHmac, createSecretKey, type Hash, type Hmac, type KeyObject } from 'node:crypto'

/*
 * To sign a request, the SDK makes two HMACs, one with the secret access key and one with the day's signing key. Its own
 * class has Node check each time what kind of key the bytes are, and that takes longer than the rest of the HMAC. Here a
 * key is made once: for bytes as long as they are in use, for text until another one comes.
 */

type Data = string | ArrayBuffer | ArrayBufferView

const bytesOf = (data: ArrayBuffer | ArrayBufferView): Uint8Array => {
  if (data instanceof Uint8Array) return data
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data)
}

const keysOfBytes = new WeakMap<object, KeyObject>()
let latest: { readonly text: string; readonly key: KeyObject } | undefined

const keyOf = (secret: Data): KeyObject => {
  if (typeof secret === 'string') {
    if (latest?.text !== secret) latest = { text: secret, key: createSecretKey(secret, 'utf8') }
    return latest.key
  }
  const key = keysOfBytes.get(secret) ?? createSecretKey(bytesOf(secret))
  keysOfBytes.set(secret, key)
  return key
}

/** SHA-256 as the SDK's clients take it; with a secret, HMAC-SHA-256. The bytes of a secret must not change. */
export class RequestHash {
  readonly digestLength = 32
  readonly #key: KeyObject | null
  #hash: Hash | Hmac

  constructor(secret?: Data) {
    this.#key = secret === undefined ? null : keyOf(secret)
    this.#hash = this.#begin()
  }

  #begin(): Hash | Hmac {
    return this.#key === null ? createHash('sha256') : createHmac('sha256', this.#key)
  }

  update(data: Data): void {
    this.#hash.update(typeof data === 'string' ? data : bytesOf(data))
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {
    this.#hash = this.#begin()
  }
}
