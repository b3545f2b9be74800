import Table from 'cli-table3'
import { instanceTypeOf } from '../../../shared/fleet/instance-types.ts'
import { serviceCostsOf } from './clip-cost.ts'
import { s3RequestsOfClip } from './clip-requests.ts'
import { durationText } from './fleet-tables.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { DEPLOYED } from './policy.ts'
import { type FleetOptions, runFleet } from './run-fleet.ts'
import { CLIP, fleetOptions, halfSineDay, INSTANCE, PRICE_USD_PER_HOUR } from './scenarios.ts'
import { SERVICE_LIMITS, shareOf } from './service-limits.ts'
import { type PeakLoad, peakLoadOf, VOLUMES } from './volume-load.ts'

const SEED = 1
/** Over the peak, for what has to be made up for. */
const HEADROOM = 1.3
/** A smaller share of a limit is not worth a figure. */
const LEAST_SHOWN = 0.01
const percent = new Intl.NumberFormat('en-US', { style: 'percent' })
const count = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })

const loads = VOLUMES.map((clips) =>
  peakLoadOf(clips, instanceTypeOf(INSTANCE), { renderSeconds: CLIP.seconds }),
)

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const table = new Table({ head: [...head], style: { head: [], border: [], compact: true } })
  for (const row of rows) table.push([...row])
  return table.toString()
}

const volumeHead = VOLUMES.map((clips) => `${clips.toLocaleString('en-US')} a day`)

export const requestTable = (): string =>
  tableOf(
    ['S3, of a clip', 'reads', 'writes', 'what'],
    s3RequestsOfClip(CLIP.seconds).map(({ bucket, prefix, reads, writes, of }) => [
      `${bucket}: ${prefix}`,
      `${reads}`,
      `${writes}`,
      of,
    ]),
  )

const usedText = (limit: (typeof SERVICE_LIMITS)[number], load: PeakLoad): string => {
  const share = shareOf(limit, load)
  const used = count.format(limit.usedBy(load))
  return share === null || share < LEAST_SHOWN
    ? used
    : `${used}${share > 1 ? '  !' : ''} (${percent.format(share)})`
}

export const limitTable = (): string =>
  tableOf(
    ['at the busiest moment', 'limit', ...volumeHead, 'answer', 'source'],
    SERVICE_LIMITS.map((limit) => [
      limit.what,
      limit.limit === null ? 'often 0' : limit.limit.toLocaleString('en-US'),
      ...loads.map((load) => usedText(limit, load)),
      limit.answer,
      limit.source,
    ]),
  )

const dayOfVolume = (clips: number, workers: number, way: FleetOptions['way']): Outcome => {
  const maxWorkers = Math.ceil(workers * HEADROOM) + 2
  const scenario = { name: `${clips} a day`, load: () => halfSineDay(clips), maxWorkers }
  return outcomeOf(runFleet(fleetOptions(scenario, { way, policy: DEPLOYED, seed: SEED })))
}

/** US dollars for a clip, by what they are for. Simulates a whole day of each volume: some seconds. */
export const costTable = (): string => {
  const days = VOLUMES.map((clips, i) => {
    const { workers } = loads[i]!
    return { clips, ecs: dayOfVolume(clips, workers, 'ecs'), batch: dayOfVolume(clips, workers, 'batch') }
  })
  const machines = (way: FleetOptions['way']) => [
    `machines, ${way}`,
    ...days.map((day) => ((day[way].machineHours * PRICE_USD_PER_HOUR) / day.clips).toFixed(6)),
  ]
  const waits = (way: FleetOptions['way']) => [
    `wait, median and 95 %, ${way}`,
    ...days.map(
      (day) => `${durationText(day[way].medianWaitSeconds)}, ${durationText(day[way].p95WaitSeconds)}`,
    ),
  ]
  const services = days.map(({ clips, batch }) =>
    serviceCostsOf(clips, { renderSeconds: CLIP.seconds, launches: batch.launches }),
  )
  return tableOf(
    ['USD a clip', ...volumeHead],
    [
      machines('ecs'),
      machines('batch'),
      ...services[0]!.map(({ of }, i) => [of, ...services.map((costs) => costs[i]!.usd.toFixed(6))]),
      [
        'most workers, ecs and batch',
        ...days.map((day) => `${day.ecs.peakWorkers}, ${day.batch.peakWorkers}`),
      ],
      waits('ecs'),
      waits('batch'),
    ],
  )
}
