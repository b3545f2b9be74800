const WORD = 2 ** 32

const hexWord = (random: () => number): string =>
  Math.floor(random() * WORD)
    .toString(16)
    .padStart(8, '0')

/**
 * The name of one attempt at a job, `0002-9f3c41d07be25a68`: its number, and 64 random bits. Attempts share numbers
 * where SQS delivers a message twice, and where `svd redrive` brings a job back. `random` returns 0 to 1, exclusive.
 */
export const newAttemptId = (number: number, random: () => number): string =>
  `${String(number).padStart(4, '0')}-${hexWord(random)}${hexWord(random)}`
