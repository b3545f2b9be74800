import { tmpdir } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { STAND_IN_NAMES, type StandInCard } from './machine.ts'

export const PART_NAMES = ['device', 'xt', 'goldens', 'demo', 'profile', 'diffusers'] as const
export type PartName = (typeof PART_NAMES)[number]

export interface GpuOptions {
  readonly parts: readonly PartName[]
  readonly output: string
  readonly device: string
  readonly budget: number
  readonly work: readonly string[]
  readonly small: boolean
  readonly commit?: string
  readonly python?: string
  readonly compile: boolean
  readonly standIn?: StandInCard
}

const partNames = (text: string): readonly PartName[] => {
  const asked = text.split(',').map((name) => name.trim())
  const unknown = asked.filter((name) => !PART_NAMES.some((known) => known === name))
  if (unknown.length > 0) throw new InvalidArgumentError(`Must be of ${PART_NAMES.join(', ')}.`)
  // In the order in which they run.
  return PART_NAMES.filter((name) => asked.includes(name))
}

const seconds = (text: string): number => {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Must be a whole number of seconds.')
}

const NOTES = `
  npm run test:gpu
  npm run test:gpu -- --parts goldens,xt --output out/gpu
  npm run test:gpu -- --stand-in h100 --small
`

/** Ends the process, with exit code 2 and a message, if the options are wrong. */
export const parseGpuOptions = (args: readonly string[]): GpuOptions =>
  new Command('test:gpu')
    .description('Proves and measures the CUDA target on an NVIDIA card.')
    .addOption(
      new Option('--parts <names>', `of ${PART_NAMES.join(',')}`)
        .argParser(partNames)
        .default(PART_NAMES, 'all'),
    )
    .option('--output <dir>', 'gets gpu.json and gpu.md', 'out/gpu')
    .option('--device <device>', 'cuda or cuda:N', 'cuda')
    .option('--budget <seconds>', 'for all parts together', seconds, 360)
    .addOption(
      new Option('--work <dir>', 'for 14 GB of weights, removed at the end; default: where there is space')
        .argParser((folder: string) => [folder])
        .default([tmpdir(), '/var/tmp', '/dev/shm'], 'the temporary folders'),
    )
    .option('--small', 'the demo checkpoint in place of SVD-XT: shows that the program works', false)
    .option('--commit <hash>', 'of this checkout, where there is no git')
    .option('--python <path>', 'with torch and diffusers (SVD_PYTHON, else python3)')
    .option('--compile', 'torch.compile too, in the part diffusers', false)
    .addOption(
      new Option('--stand-in <card>', 'no card: kernels that do nothing, and no figures').choices(
        STAND_IN_NAMES,
      ),
    )
    .addHelpText('after', NOTES)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
    .parse([...args], { from: 'user' })
    .opts<GpuOptions>()
