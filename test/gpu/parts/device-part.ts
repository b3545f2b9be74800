import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { z } from 'zod'
import { readCudaState } from '../../../worker/cuda/cuda-state.ts'
import { thisCudaTarget } from '../../../worker/cuda/cuda-target.ts'
import { PROVIDER_RELEASE } from '../../../worker/cuda/provider-release.ts'
import type { Conditions } from '../../bench/conditions.ts'
import { choiceOf, type Machine, readCard } from '../machine.ts'
import type { Row, Table } from '../report.ts'
import type { Part } from '../run-parts.ts'
import { runTask } from '../run-task.ts'

const SMI_FIELDS = [
  ...['clocks.max.sm', 'clocks.max.memory', 'clocks.sm', 'power.limit', 'temperature.gpu'],
  ...['pcie.link.gen.max', 'pcie.link.width.max', 'mig.mode.current', 'vbios_version'],
]

/** Reads what nvidia-smi reports beyond the product's own fields. Drivers differ in what they know. */
const readSmi = async ({ card }: Machine): Promise<readonly (readonly [string, string])[]> => {
  const { stdout } = await execa(
    'nvidia-smi',
    [`--id=${card.uuid}`, `--query-gpu=${SMI_FIELDS.join(',')}`, '--format=csv,noheader'],
    { reject: false, timeout: 20_000 },
  )
  const cells = stdout.trim().split(',')
  return cells.length === SMI_FIELDS.length
    ? SMI_FIELDS.map((field, i) => [field, cells[i]?.trim() ?? ''])
    : []
}

/** Names and versions of NVIDIA's packages that the libraries are from, where pip installed them. */
const readLibraryPackages = async (files: readonly (string | null)[]): Promise<readonly string[]> => {
  const sites = new Set(
    files.flatMap((file) => {
      const [site, inside] = file?.split(`${path.sep}nvidia${path.sep}`) ?? []
      return site === undefined || inside === undefined ? [] : [site]
    }),
  )
  const names: string[] = []
  for (const site of sites) names.push(...(await readdir(site).catch(() => [])))
  return names.flatMap((name) => /^(nvidia_.+)\.dist-info$/.exec(name)?.[1] ?? []).toSorted()
}

const readLibraries = async (
  { standIn, environment }: Machine,
  signal: AbortSignal,
): Promise<readonly string[]> => {
  if (standIn) return []
  const { libraries } = await readCudaState(thisCudaTarget(environment), 'sizes', signal)
  const packages = await readLibraryPackages(libraries.map(({ file }) => file))
  return packages.length > 0 ? packages : libraries.map(({ name, file }) => `${name}: ${file}`)
}

const probeSchema = z.object({
  openSeconds: z.number(),
  runSeconds: z.number(),
  sum: z.array(z.number()),
})

const listTable = (title: string, rows: readonly (readonly [string, string | number | null])[]): Table => ({
  title,
  columns: [
    { key: 'what', head: 'what' },
    { key: 'value', head: 'value' },
  ],
  rows: rows.map(([what, value]): Row => ({ what, value })),
})

export const devicePart = (machine: Machine, conditions: Conditions): Part => ({
  name: 'device',
  leastSeconds: 5,
  mostSeconds: 60,
  async run(signal) {
    const { name, computeCapability, driverVersion, totalBytes, freeBytes } = await readCard(machine)
    const { device, versions, os, commit, loadAverage } = conditions
    const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
    const card = [
      ['card', name],
      ['compute capability', `${computeCapability.major}.${computeCapability.minor}`],
      ...(machine.standIn
        ? []
        : ([
            ['driver', driverVersion],
            ['memory', `${gigabytes(totalBytes)}, ${gigabytes(freeBytes)} free before`],
            ...(await readSmi(machine)),
          ] as const)),
    ] as const
    const software = [
      ['commit', commit],
      ['Node', versions.node],
      ['onnxruntime-node', versions.onnxruntime],
      ['CUDA provider', `${PROVIDER_RELEASE.project} ${PROVIDER_RELEASE.version}`],
      ["NVIDIA's libraries", (await readLibraries(machine, signal)).join(', ')],
      ['kernel', os],
      ['processor', `${device.cpu}, ${device.logicalCores} logical cores, ${gigabytes(device.memoryBytes)}`],
      ['load before', loadAverage],
    ] as const
    const { rows, fault } = await runTask(machine, {
      task: 'probe-task.ts',
      request: {},
      ...{ choice: choiceOf(machine, 'fp16'), rows: probeSchema, signal },
    })
    const probes = rows.map(({ sum, ...seconds }) => ({ ...seconds, sum: sum.join(', ') }))
    const wrong = machine.standIn ? [] : probes.filter(({ sum }) => sum !== '2, 4, 6, 8')
    return {
      tables: [
        listTable('Card', card),
        listTable('Software', software),
        {
          title: 'A sum in a new process: how long CUDA and the provider take to start',
          columns: [
            { key: 'openSeconds', head: 'open session, s', ofCard: true },
            { key: 'runSeconds', head: 'run, s', ofCard: true },
            { key: 'sum', head: '1, 2, 3, 4 doubled', ofCard: true },
          ],
          rows: probes,
        },
      ],
      notes: [],
      failures: [
        ...(fault === null ? [] : [fault]),
        ...wrong.map(({ sum }) => `1, 2, 3, 4 doubled gave ${sum}`),
      ],
    }
  },
})
