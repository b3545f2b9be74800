import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, machine, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { readVersions } from '../../worker/engine/versions.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))

/** The instruction sets that matrix products use, as Linux names them, or `null` if it does not list them. */
const vectorFlags = async (): Promise<readonly string[] | null> => {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '')
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]
  if (flags === undefined) return null
  return flags.split(' ').filter((flag) => /^(avx|fma$|f16c$|amx|asimd|sve|bf16|i8mm)/.test(flag))
}

const git = async (...args: string[]): Promise<string> =>
  (await execa('git', args, { cwd: REPOSITORY })).stdout

/** `40ba4d6`, or `40ba4d6-dirty` if files differ from it or are not in it; `unknown` outside a git clone. */
const commit = async (): Promise<string> => {
  try {
    const changed = (await git('status', '--porcelain')) !== ''
    return `${await git('rev-parse', '--short', 'HEAD')}${changed ? '-dirty' : ''}`
  } catch {
    return 'unknown'
  }
}

/** The conditions under which figures hold. `versions` has the versions of the other programs that took part. */
export const readConditions = async (versions: Readonly<Record<string, string>> = {}) => {
  const { onnxruntime, node } = await readVersions()
  return {
    date: new Date().toISOString(),
    commit: await commit(),
    device: {
      cpu: cpus()[0]?.model ?? 'unknown',
      logicalCores: availableParallelism(),
      vectorFlags: await vectorFlags(),
      memoryBytes: totalmem(),
    },
    /** Mean number of processes that ran or waited in the minute before the first run. */
    loadAverage: loadavg()[0] ?? 0,
    os: `${type()} ${release()} ${machine()}`,
    versions: { node, onnxruntime, ...versions },
  }
}

export type Conditions = Awaited<ReturnType<typeof readConditions>>

export const conditionsText = ({ date, commit, device, os, versions, loadAverage }: Conditions): string => {
  const memory = `${(device.memoryBytes / 2 ** 30).toFixed(1)} GiB`
  const flags = device.vectorFlags === null ? 'vector flags unknown' : device.vectorFlags.join(' ')
  return [
    `date      ${date}, commit ${commit}`,
    `device    ${device.cpu}, ${device.logicalCores} logical cores, ${memory}; load before ${loadAverage.toFixed(2)}`,
    `          ${flags}`,
    `system    ${os}`,
    `versions  ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
  ].join('\n')
}
