import type { CallFaults } from './faulty-call.ts'
import type { SeededRandom } from './seeded-random.ts'
import { JOB_KINDS, type JobKind, type RendererFaults } from './simulated-renderer.ts'

/** The faults of a simulation and how often they occur. Each schedule has some of them, so that none hides another. */
export interface Schedule {
  readonly machines: number
  /** The number of counted attempts after which a job fails. */
  readonly maxAttempts: number
  /** The number of receives after which the queue moves a message to the dead-letter queue. */
  readonly maxReceives: number
  /** The workers' lease: the visibility timeout of a message, and the interval of heartbeats. */
  readonly lease: { readonly visibilitySeconds: number; readonly beatSeconds: number }
  /** The first of several machines has another model until the faults are over. */
  readonly otherModel: boolean
  readonly calls: CallFaults
  readonly renderer: RendererFaults
  /** Share of messages of which the queue keeps a second copy. */
  readonly duplicates: number
  readonly uploads: readonly PlannedUpload[]
  /** The time of a manifest that names all images and orders two clips of each; `null`: no manifest. */
  readonly manifestMs: number | null
  /** Seeds of the two clips. With 0 among them, the manifest orders the clips that images order without a sidecar. */
  readonly manifestSeeds: readonly [number, number]
  /** Further manifests, uploaded with the first or after it; each names no image, or the same clips as the first. */
  readonly moreManifests: readonly PlannedManifest[]
  /** Whether a person redrives all failed jobs at the end, which then succeed. */
  readonly redrives: boolean
  readonly malformedMessages: number
  /** Faults that occur once, at a given time. */
  readonly incidents: readonly Incident[]
}

export interface PlannedUpload {
  readonly atMs: number
  readonly kind: JobKind
  readonly videos: 1 | 2
  /** The number of events that S3 sends for it. */
  readonly events: number
  /** The time of the request to cancel its job; `null`: no request. */
  readonly cancelledMs: number | null
  /** `null`: the image has none. */
  readonly sidecar: PlannedSidecar | null
}

export interface PlannedSidecar {
  /** The time of its upload, which may be before that of the image. */
  readonly atMs: number
  /** `same` orders the clip that the image orders alone, `other` orders another, and `faulty` cannot be read. */
  readonly kind: 'other' | 'same' | 'faulty'
  /** The number of events that S3 sends for it. */
  readonly events: number
}

export interface PlannedManifest {
  readonly kind: 'same-clips' | 'no-image'
  /** Time after the first manifest. At 0, ingest gets both within milliseconds. */
  readonly afterMs: number
}

export type Incident = { readonly atMs: number } & (
  | { readonly type: 'crash'; readonly machine: number }
  | { readonly type: 'drain'; readonly machine: number; readonly secondsLeft: number | null }
  | { readonly type: 'freeze'; readonly machine: number; readonly forMs: number }
  | { readonly type: 'lost-lease' }
  | { readonly type: 'full-disk'; readonly forMs: number }
  | { readonly type: 'outage'; readonly of: 'store' | 'queue' | 'both'; readonly forMs: number }
)

/** Leases with half seconds. No back-off has half a second, so a request with half a second renews a lease. */
const LEASES = [
  { visibilitySeconds: 120.5, beatSeconds: 20 },
  { visibilitySeconds: 120.5, beatSeconds: 20 },
  { visibilitySeconds: 10.5, beatSeconds: 3 },
] as const

/** The end of the faults. From then on, all jobs have to end without help. */
export const HEALED_MS = 12 * 60_000
const SUBMITTED_MS = 5 * 60_000

/** The largest number of uploads of a schedule. */
export const MAX_UPLOADS = 6

const planSidecar = (random: SeededRandom, pictureMs: number): PlannedSidecar => ({
  atMs: pictureMs + random.between(-5_000, 120_000),
  kind: random.pick(['other', 'other', 'other', 'same', 'faulty']),
  events: random.chance(0.3) ? 2 : 1,
})

const planDrop = (random: SeededRandom): PlannedUpload => {
  const atMs = random.between(0, SUBMITTED_MS)
  return {
    atMs,
    kind: random.chance(0.7) ? 'good' : random.pick(JOB_KINDS),
    videos: random.chance(0.8) ? 1 : 2,
    events: random.chance(0.3) ? 2 : 1,
    cancelledMs: random.chance(0.15) ? atMs + random.between(-1_000, 120_000) : null,
    sidecar: random.chance(0.3) ? planSidecar(random, atMs) : null,
  }
}

const planIncident = (random: SeededRandom, machines: number): Incident => {
  const atMs = random.between(0, HEALED_MS - 60_000)
  const machine = random.below(machines)
  switch (random.pick(['crash', 'drain', 'freeze', 'lost-lease', 'full-disk', 'outage'] as const)) {
    case 'crash':
      return { atMs, type: 'crash', machine }
    case 'drain':
      return { atMs, type: 'drain', machine, secondsLeft: random.pick([null, 0, 10, 30, 120]) }
    case 'freeze':
      return { atMs, type: 'freeze', machine, forMs: random.between(1_000, 200_000) }
    case 'lost-lease':
      return { atMs, type: 'lost-lease' }
    case 'full-disk':
      return { atMs, type: 'full-disk', forMs: random.between(1_000, 300_000) }
    case 'outage': {
      const of = random.pick(['store', 'queue', 'both'] as const)
      return { atMs, type: 'outage', of, forMs: random.between(1_000, 400_000) }
    }
  }
}

/** Whether no request is slow or lost, so that no worker loses a lease. */
export const isCalm = ({ calls, incidents }: Schedule): boolean =>
  calls.lostRequest + calls.lostAnswer + calls.slow + calls.freeze === 0 &&
  incidents.every(({ type }) => type === 'crash' || type === 'drain' || type === 'full-disk')

const planManifests = (random: SeededRandom): readonly PlannedManifest[] => [
  ...(random.chance(0.6)
    ? [{ kind: 'same-clips', afterMs: random.pick([0, 0, random.between(0, 1_200_000)]) } as const]
    : []),
  ...(random.chance(0.2) ? [{ kind: 'no-image', afterMs: random.between(0, 60_000) } as const] : []),
]

const times = <T>(count: number, make: () => T): readonly T[] => Array.from({ length: count }, make)

export const planSchedule = (random: SeededRandom): Schedule => {
  const machines = random.chance(0.3) ? 2 : 1
  const incidents = times(random.pick([0, 1, 3, 8]), () => planIncident(random, machines))
  return {
    machines,
    maxAttempts: random.pick([1, 2, 5, 5, 5]),
    maxReceives: random.pick([12, 50, 50]),
    lease: random.pick(LEASES),
    otherModel: machines > 1 && random.chance(0.4),
    calls: {
      lostRequest: random.pick([0, 0.02, 0.1]),
      lostAnswer: random.pick([0, 0.02, 0.1]),
      slow: random.pick([0, 0, 0.03]),
      crash: random.pick([0, 0.002, 0.01]),
      freeze: random.pick([0, 0, 0.005]),
    },
    renderer: {
      crash: random.pick([0, 0.02, 0.1]),
      hang: random.pick([0, 0, 0.02]),
      encoder: random.pick([0, 0, 0.1]),
      lostCard: random.pick([0, 0, 0.02]),
    },
    duplicates: random.pick([0, 0.3, 1]),
    uploads: times(1 + random.below(MAX_UPLOADS), () => planDrop(random)),
    manifestMs: random.chance(0.25) ? SUBMITTED_MS + random.between(0, 60_000) : null,
    manifestSeeds: random.pick([
      [0, 1],
      [1, 2],
    ] as const),
    moreManifests: planManifests(random),
    redrives: random.chance(0.5),
    malformedMessages: random.chance(0.1) ? 1 : 0,
    incidents: [...incidents].sort((a, b) => a.atMs - b.atMs),
  }
}
