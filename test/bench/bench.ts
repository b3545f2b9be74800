import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openCheckpoint } from '../../worker/checkpoint/open-checkpoint.ts'
import { exitCodeOf, messageOf } from '../../worker/cli/exit-code.ts'
import { checkpointFor, openWeightCache, warmFileCache } from './bench-checkpoint.ts'
import { type BenchOptions, parseBenchOptions } from './bench-options.ts'
import { type BenchCase, caseOf } from './cases.ts'
import { compareRuns, comparisonTable, coresText } from './comparison.ts'
import { conditionsText, readConditions } from './conditions.ts'
import { runDiffusers } from './diffusers-side.ts'
import { readPythonSide } from './python-side.ts'
import type { ClipOrder, SideRun } from './side-run.ts'
import { runSvd } from './svd-side.ts'

const IMAGE = fileURLToPath(new URL('../../worker/demo-samples/coffee.png', import.meta.url))

const HOW_TO_READ = `Numbers are those of run 1, 2, …; ratios are diffusers over svd-batch, so above 1 svd-batch takes less.
Each run is a new process, the sides in turn, with the checkpoint's files in the page cache. svd-batch's whole command,
CPU time and memory include making the MP4 and the poster; diffusers' end with frames in memory. svd-batch's run 1 starts
with an empty SVD_CACHE_DIR; what it leaves there serves its later runs.
Wall times also tell who else had the cores. CPU times tell less of that (through shared caches and clocks, and threads
that spin while they wait), so they are shown beside. Trust ratios that agree over runs.`

const say = (text: string): void => void process.stderr.write(`${text}\n`)

const SIDES = { diffusers: runDiffusers, svd: runSvd } as const

/** diffusers, svd-batch, diffusers, svd-batch…, so that a slow period of the machine affects both. */
const runInTurn = async (order: ClipOrder, runs: number) => {
  const done: Record<keyof typeof SIDES, SideRun[]> = { diffusers: [], svd: [] }
  for (let run = 1; run <= runs; run++) {
    for (const side of ['diffusers', 'svd'] as const) {
      const result = await SIDES[side](order)
      const expected = order.arguments['num_frames']
      if (result.frames !== expected)
        throw new Error(`${side} made ${result.frames} frames, not ${expected}: the sides are not comparable`)
      done[side].push(result)
      say(`run ${run} of ${runs}, ${side}: ${result.processSeconds.toFixed(1)} s`)
    }
  }
  return done
}

const caseText = (name: string, { checkpointIs, ...bench }: BenchCase, options: BenchOptions): string => {
  const values = Object.entries(bench.arguments).map(([argument, value]) => `${argument} ${value}`)
  const checkpoint = options.checkpoint === undefined ? checkpointIs : path.basename(options.checkpoint)
  return `case      ${name}: ${checkpoint}\n          ${values.join(', ')}`
}

const runBench = async (options: BenchOptions): Promise<void> => {
  const { python, runs } = options
  const pythonSide = await readPythonSide(python)
  const conditions = await readConditions(pythonSide.versions)
  const bench = await caseOf(options.case)
  const onMake = (folder: string): void => say(`making ${folder}`)
  const checkpoint = options.checkpoint ?? (await checkpointFor(bench, { python, onMake }))
  const { variant } = bench
  // Refuses a wrong folder with its reason, before anything runs.
  await openCheckpoint(checkpoint, variant === null ? {} : { variant })
  await warmFileCache(checkpoint)
  const threads = options.threads ?? pythonSide.threads
  await using weightCache = await openWeightCache()
  const order: ClipOrder = {
    ...{ python, checkpoint, variant, threads },
    image: IMAGE,
    arguments: bench.arguments,
    weightCache: weightCache.folder,
  }
  const done = await runInTurn(order, runs)
  const comparisons = compareRuns(done)

  const head = `${conditionsText(conditions)}\nthreads   ${threads} on each side\n${caseText(options.case, bench, options)}`
  process.stdout.write(`${head}\n\n${comparisonTable(comparisons)}\n${coresText(done)}\n\n${HOW_TO_READ}\n`)
  if (options.json !== undefined) {
    const report = { ...conditions, case: options.case, order, comparisons, runs: done }
    await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`)
  }
}

try {
  await runBench(parseBenchOptions(process.argv.slice(2)))
} catch (error) {
  say(messageOf(error, { debug: process.env['SVD_DEBUG'] === '1' }))
  process.exitCode = exitCodeOf(error)
}
