import { randomInt } from 'node:crypto'
import type { Command } from 'commander'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { renderArgumentSchema } from '../../shared/contracts/render-arguments.ts'

/** A clip of each of 1,000 seeds takes days on a card: more in one command is likely a slip of the pen. */
export const MAX_SEEDS = 1_000

/** Value of `--seed` for which svd draws a seed. */
const RANDOM = 'random'

/** Drawn seeds are below 2^32, so that they are short and any program reads them. */
const DRAWN_SEEDS = 2 ** 32

const drawSeed = (): bigint => BigInt(randomInt(DRAWN_SEEDS))

const RULE =
  'seeds between commas, or ranges such as 1..8, each a whole number from -2^63 to 2^64 - 1, in all at most ' +
  `${MAX_SEEDS}`

/** `5`, or `1..8`. */
const PART = /^(-?\d+)(?:\.\.(-?\d+))?$/

const refuse = (text: string, why: string): never => {
  throw new InvalidInputError('--seeds', `got '${text}'${why}; must be ${RULE}`)
}

const parseSeed = (digits: string, text: string): bigint => {
  const read = renderArgumentSchema('seed').safeParse(digits)
  return read.success ? read.data : refuse(text, `, and ${digits} is out of range`)
}

const readPart = (part: string, text: string): { readonly first: bigint; readonly last: bigint } => {
  const [, from, to = from] = PART.exec(part.trim()) ?? []
  if (from === undefined || to === undefined) return refuse(text, '')
  const [first, last] = [parseSeed(from, text), parseSeed(to, text)]
  return last < first ? refuse(text, `, and ${part.trim()} falls; write ${last}..${first}`) : { first, last }
}

/** The seeds of a list such as `1..8` or `1,5,9`, in its order, each once. Throws InvalidInputError. */
export const parseSeeds = (text: string): readonly bigint[] => {
  const ranges = text.split(',').map((part) => readPart(part, text))
  const count = ranges.reduce((sum, { first, last }) => sum + (last - first + 1n), 0n)
  if (count > MAX_SEEDS) refuse(text, `, which are ${count}`)
  const seeds = ranges.flatMap(({ first, last }) =>
    Array.from({ length: Number(last - first) + 1 }, (_, index) => first + BigInt(index)),
  )
  return [...new Set(seeds)]
}

export const addSeedsOption = (command: Command): Command =>
  command.option('--seeds <list>', 'a clip of each of these seeds, such as 1..8 or 1,5,9')

export interface SeedOptions {
  readonly seed?: string
  readonly seeds?: string
}

export interface ChosenSeeds<Options> {
  /** The options with the drawn seed in place of `random`. */
  readonly options: Options
  /** Seeds of the clips of each image; `null`: `--seeds` is not given. */
  readonly seeds: readonly bigint[] | null
  /** A line that names the drawn seed; `null`: none was drawn. */
  readonly note: string | null
}

/**
 * Reads `--seed` and `--seeds`. `--seed random` draws one seed for all clips of the command. Throws InvalidInputError
 * where both are given, and for a list that is not one of seeds; what else `--seed` may be is checked with the other
 * arguments.
 */
export const chooseSeeds = <Options extends SeedOptions>(
  options: Options,
  draw: () => bigint = drawSeed,
): ChosenSeeds<Options> => {
  const { seed, seeds } = options
  if (seed !== undefined && seeds !== undefined) {
    throw new InvalidInputError('--seeds', `got '${seeds}' beside --seed ${seed}; give one of them`)
  }
  if (seed !== undefined && /^-?\d+(,|\.\.)/.test(seed)) {
    throw new InvalidInputError(
      '--seed',
      `got '${seed}'; must be one number, or random; give several as --seeds ${seed}`,
    )
  }
  const list = seeds === undefined ? null : parseSeeds(seeds)
  if (seed !== RANDOM) return { options, seeds: list, note: null }
  const drawn = String(draw())
  const note = `seed ${drawn} was drawn; --seed ${drawn} makes the same clips again\n`
  return { options: { ...options, seed: drawn }, seeds: list, note }
}
