import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { exitCodeOf, messageOf } from '../../worker/cli/exit-code.ts'
import { type Conditions, readConditions } from '../bench/conditions.ts'
import { type GpuOptions, type PartName, parseGpuOptions } from './gpu-options.ts'
import { type LargeModel, openLargeModel } from './large-model.ts'
import { type Machine, openCardMachine, openStandInMachine } from './machine.ts'
import { demoPart } from './parts/demo-part.ts'
import { devicePart } from './parts/device-part.ts'
import { diffusersPart } from './parts/diffusers-part.ts'
import { goldensPart } from './parts/goldens-part.ts'
import { profilePart } from './parts/profile-part.ts'
import { xtPart } from './parts/xt-part.ts'
import { markdownOf, type PartReport, withoutCardFigures } from './report.ts'
import { type Part, runParts } from './run-parts.ts'

const say = (text: string): void => void process.stderr.write(`${text}\n`)

const headingOf = (
  { card, standIn }: Machine,
  { date, commit, versions, os }: Conditions,
): readonly string[] => {
  const { major, minor } = card.computeCapability
  return [
    `${card.name}, compute capability ${major}.${minor}, driver ${card.driverVersion}; ` +
      `commit ${commit}; ${Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ')}; ${os}; ${date}`,
    ...(standIn ? ['**This ran over the stand-in runtime: no figure of a card is in it.**'] : []),
  ]
}

const openMachine = ({ standIn, device }: GpuOptions): Promise<Machine> =>
  standIn === undefined ? openCardMachine(device, process.env) : openStandInMachine(standIn, process.env)

const partsOf = (options: GpuOptions, machine: Machine, model: LargeModel, conditions: Conditions) => {
  const all: Readonly<Record<PartName, () => Part>> = {
    device: () => devicePart(machine, conditions),
    xt: () => xtPart(machine, model),
    goldens: () => goldensPart(machine, model.folder),
    demo: () => demoPart(machine, model.folder),
    profile: () => profilePart(machine, model),
    diffusers: () => diffusersPart(machine, model, options),
  }
  return options.parts.map((name) => all[name]())
}

/** The results so far, so that a run that is stopped leaves what it has. */
const writeReports = async (
  folder: string,
  heading: readonly string[],
  facts: Readonly<Record<string, unknown>>,
  reports: readonly PartReport[],
): Promise<void> => {
  await writeFile(path.join(folder, 'gpu.json'), `${JSON.stringify({ ...facts, parts: reports }, null, 2)}\n`)
  await writeFile(path.join(folder, 'gpu.md'), markdownOf(heading, reports))
}

const runGpu = async (options: GpuOptions): Promise<number> => {
  const machine = await openMachine(options)
  const read = await readConditions()
  const conditions: Conditions = { ...read, commit: options.commit ?? read.commit }
  await mkdir(options.output, { recursive: true })
  await using model = await openLargeModel(machine, options)
  const heading = headingOf(machine, conditions)
  const facts = { standIn: machine.standIn, card: machine.card, ...conditions }
  const shown = machine.standIn ? withoutCardFigures : (report: PartReport): PartReport => report
  const reports = await runParts(partsOf(options, machine, model, conditions), {
    budgetSeconds: options.budget,
    now: () => performance.now() / 1000,
    timeLimit: (limit) => AbortSignal.timeout(Math.ceil(limit * 1000)),
    async onDone(report, all) {
      say(
        `${report.part}: ${report.status}${report.seconds === null ? '' : `, ${report.seconds.toFixed(1)} s`}`,
      )
      for (const failure of report.failures) say(`  ${failure}`)
      await writeReports(options.output, heading, facts, all.map(shown))
    },
  })
  process.stdout.write(`${markdownOf(heading, reports.map(shown))}\n`)
  return reports.some(({ status }) => status === 'failed') ? 1 : 0
}

// Leaves by an exit, so that its processes end and what it wrote is removed.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

try {
  process.exitCode = await runGpu(parseGpuOptions(process.argv.slice(2)))
} catch (error) {
  say(messageOf(error, { debug: process.env['SVD_DEBUG'] === '1' }))
  process.exitCode = exitCodeOf(error)
}
