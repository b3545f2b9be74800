import { execa } from 'execa'
import { z } from 'zod'
import { childEnvironment } from '../../shared/child-environment.ts'

/** An NVIDIA card, as its driver reports it. */
export interface Card {
  /** `GPU-…`; never that of another card. */
  readonly uuid: string
  readonly name: string
  readonly computeCapability: { readonly major: number; readonly minor: number }
  readonly totalBytes: number
  readonly freeBytes: number
  readonly driverVersion: string
}

/** Compute capability as kernels and build flags number it: 75 for sm_75. */
export const smVersionOf = ({ computeCapability: { major, minor } }: Card): number => 10 * major + minor

/** Runs nvidia-smi with these arguments and returns what it prints. Throws if it is missing or fails. */
export type RunNvidiaSmi = (args: readonly string[]) => Promise<string>

const TIMEOUT_MS = 20_000

export const runNvidiaSmi: RunNvidiaSmi = async (args) => {
  const { stdout } = await execa('nvidia-smi', args, {
    timeout: TIMEOUT_MS,
    env: childEnvironment(process.env),
    extendEnv: false,
  })
  return stdout
}

const FIELDS = ['uuid', 'name', 'compute_cap', 'memory.total', 'memory.free', 'driver_version'] as const
const MEBIBYTE = 2 ** 20

const mebibytes = z.coerce
  .number()
  .int()
  .nonnegative()
  .transform((size) => size * MEBIBYTE)
const rowSchema = z.tuple([
  z.string().startsWith('GPU-'),
  z.string().min(1),
  z.string().regex(/^\d+\.\d+$/),
  mebibytes,
  mebibytes,
  z.string().min(1),
])

const parseCard = (line: string): Card => {
  const row = rowSchema.safeParse(line.split(',').map((cell) => cell.trim()))
  if (!row.success) throw new Error(`nvidia-smi printed '${line}', which is not ${FIELDS.join(', ')}`)
  const [uuid, name, capability, totalBytes, freeBytes, driverVersion] = row.data
  const [major = 0, minor = 0] = capability.split('.').map(Number)
  return { uuid, name, computeCapability: { major, minor }, totalBytes, freeBytes, driverVersion }
}

/** The part of CUDA_VISIBLE_DEVICES that counts: CUDA stops at the first entry that it does not know. */
const visibleCards = (cards: readonly Card[], visible: string | undefined): readonly Card[] => {
  if (visible === undefined) return cards
  const found: Card[] = []
  for (const entry of visible.split(',').map((each) => each.trim())) {
    const card = /^\d+$/.test(entry)
      ? cards[Number(entry)]
      : cards.find(({ uuid }) => entry !== '' && uuid.startsWith(entry))
    if (card === undefined) return found
    found.push(card)
  }
  return found
}

/**
 * The cards that a program may use, in the order of their slots, without those that CUDA_VISIBLE_DEVICES hides. Throws
 * what nvidia-smi fails with, and an error that has its line where that cannot be read.
 */
export const readCards = async (
  environment: Readonly<Record<string, string | undefined>>,
  run: RunNvidiaSmi = runNvidiaSmi,
): Promise<readonly Card[]> => {
  const text = await run([`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits'])
  const cards = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parseCard)
  return visibleCards(cards, environment['CUDA_VISIBLE_DEVICES'])
}

/** Memory of one card that is free while nothing runs on it: all but what the driver reserves. */
export const readUsableBytes = async (uuid: string, run: RunNvidiaSmi = runNvidiaSmi): Promise<number> => {
  const fields = 'memory.total,memory.reserved'
  const text = await run([`--id=${uuid}`, `--query-gpu=${fields}`, '--format=csv,noheader,nounits'])
  const row = z.tuple([mebibytes, mebibytes]).safeParse(text.split(',').map((cell) => cell.trim()))
  if (!row.success) throw new Error(`nvidia-smi printed '${text.trim()}', which is not ${fields} in MiB`)
  const [total, reserved] = row.data
  return total - reserved
}

/** Memory of one card that is free now. A process that was killed gives its memory back a moment later. */
export const readFreeBytes = async (uuid: string, run: RunNvidiaSmi = runNvidiaSmi): Promise<number> => {
  const text = await run([`--id=${uuid}`, '--query-gpu=memory.free', '--format=csv,noheader,nounits'])
  const free = mebibytes.safeParse(text.trim())
  if (!free.success) throw new Error(`nvidia-smi printed '${text.trim()}', which is not a size in MiB`)
  return free.data
}
