import { expect } from 'vitest'
import { runCommandLine, XT_CONFIGS } from '../a-command-line.ts'

export const inspect = async (...args: readonly string[]) => {
  const { exitCode, stdout, stderr } = await runCommandLine(['inspect', '--checkpoint', XT_CONFIGS, ...args])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

export interface GraphReport {
  readonly name: string
  readonly runs_per_clip: number
  readonly flops: number
  readonly reference_flops: number
  readonly avoided_flops: Readonly<Record<string, number>>
  readonly peak_activation_bytes: number
  /** Present with `--target cuda` only. */
  readonly session_weight_bytes: number
  readonly moved_bytes: number
  readonly tensor_core_flops: number
}

export const inspectJson = async (...args: readonly string[]) => JSON.parse(await inspect(...args, '--json'))

export const graphNamed = (graphs: readonly GraphReport[], name: string): GraphReport => {
  const graph = graphs.find((one) => one.name === name)
  if (graph === undefined) throw new Error(`no graph ${name}`)
  return graph
}

export const expectWithin = (share: number, actual: number, expected: number): void => {
  expect(Math.abs(actual / expected - 1)).toBeLessThanOrEqual(share)
}
