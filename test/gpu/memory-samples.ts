import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { execa } from 'execa'

const MEBIBYTE = 2 ** 20
const EVERY_MS = 10
const FIRST_SAMPLE_MS = 10_000

interface Sample {
  /** By the clock of the day. */
  readonly atMs: number
  readonly usedBytes: number
}

export interface MemorySamples extends AsyncDisposable {
  /** Bytes that were used on the card before. */
  readonly baselineBytes: number
  /** The most between two times of the day, without the baseline; `null` if there is no sample. */
  peakBytes(fromMs: number, untilMs: number): number | null
}

/** A line of nvidia-smi, such as `2026/11/29 20:36:53.123, 1024`; `null` for any other. */
export const parseSample = (line: string): Sample | null => {
  const [, time = '', mebibytes] = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d\.\d+), (\d+)$/.exec(line.trim()) ?? []
  if (mebibytes === undefined) return null
  return { atMs: Date.parse(time), usedBytes: Number(mebibytes) * MEBIBYTE }
}

/** Memory in use on the card, by one nvidia-smi that prints it every 10 ms. Other programs on the card count too. */
export const openMemorySamples = async (uuid: string): Promise<MemorySamples> => {
  const query = [`--id=${uuid}`, '--query-gpu=timestamp,memory.used', '--format=csv,noheader,nounits']
  const smi = execa('nvidia-smi', [...query, `--loop-ms=${EVERY_MS}`], {
    reject: false,
    buffer: false,
    stdin: 'ignore',
  })
  const samples: Sample[] = []
  const lines = createInterface({ input: smi.stdout })
  lines.on('line', (line) => {
    const sample = parseSample(line)
    if (sample !== null) samples.push(sample)
  })
  await Promise.race([once(lines, 'line'), smi, setTimeout(FIRST_SAMPLE_MS, undefined, { ref: false })])
  const baselineBytes = samples[0]?.usedBytes ?? 0
  return {
    baselineBytes,
    peakBytes(fromMs, untilMs) {
      const between = samples.filter(({ atMs }) => atMs >= fromMs && atMs <= untilMs)
      if (between.length === 0) return null
      return between.reduce((peak, { usedBytes }) => Math.max(peak, usedBytes), 0) - baselineBytes
    },
    async [Symbol.asyncDispose]() {
      smi.kill('SIGKILL')
      await smi
    },
  }
}

/** Over the stand-in there is no nvidia-smi. */
export const noMemorySamples: MemorySamples = {
  baselineBytes: 0,
  peakBytes: () => null,
  async [Symbol.asyncDispose]() {},
}
