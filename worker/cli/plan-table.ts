import { instanceTypeOf } from '../../shared/fleet/instance-types.ts'
import { formatBytes, formatCount } from '../../shared/size-text.ts'
import { cardBytes, type MemoryFit } from '../plan/card-memory.ts'
import type { InstancePlan } from '../plan/plan-instance.ts'
import type { Range } from '../plan/range.ts'
import { shortDuration } from './duration.ts'
import { type Column, plainTable } from './plain-table.ts'

/** `22-62`; one number where both ends are the same to a reader. */
const span = ({ low, high }: Range, text: (value: number) => string): string =>
  text(low) === text(high) ? text(low) : `${text(low)}-${text(high)}`

const number = (value: number): string =>
  value < 10 ? String(Number(value.toPrecision(2))) : formatCount(Math.round(value))

const dollars = (value: number): string => (value < 1 ? value.toPrecision(2) : number(value))

const WAYS: Readonly<Record<Exclude<MemoryFit['way'], 'smaller-chunk'>, string>> = {
  resident: 'fits',
  offload: 'offload',
  'low-vram': 'low-vram',
  none: 'too small',
}

const memoryText = ({ instanceType, fit }: InstancePlan): string => {
  const way = fit.way === 'smaller-chunk' ? `chunk ${fit.decodeChunk}` : WAYS[fit.way]
  const { gpu } = instanceTypeOf(instanceType)
  return `${way} (${formatBytes(fit.bytes)} of ${formatBytes(cardBytes(gpu.memoryMib))})`
}

/** What does not fit is not planned further. */
const ifItFits =
  (text: (plan: InstancePlan) => string) =>
  (plan: InstancePlan): string =>
    plan.fit.way === 'none' ? '' : text(plan)

const right = (head: string, text: (plan: InstancePlan) => string): Column<InstancePlan> => ({
  head,
  align: 'right',
  text: ifItFits(text),
})

/** One row for each instance type. `withinSeconds` null: no time was asked for. */
export const planTable = (plans: readonly InstancePlan[], withinSeconds: number | null): string =>
  plainTable<InstancePlan>(
    [
      { head: 'TYPE', text: ({ instanceType }) => instanceType },
      {
        head: 'GPU',
        text: ({ instanceType }) => {
          const { gpu, gpus } = instanceTypeOf(instanceType)
          return gpus === 1 ? gpu.name : `${gpus} ${gpu.name}`
        },
      },
      { head: 'MEMORY', text: memoryText },
      right('S/CLIP', ({ secondsPerClip }) => span(secondsPerClip, number)),
      right('WORKERS', ({ fleet }) => formatCount(fleet.workers)),
      ...(withinSeconds === null
        ? []
        : [
            right(`IN ${shortDuration(withinSeconds).toUpperCase()}`, ({ workersWithin }) =>
              workersWithin === null ? 'never' : formatCount(workersWithin),
            ),
          ]),
      right('CLIPS/H', ({ fleet }) => span(fleet.clipsPerHour, number)),
      right('HOURS', ({ fleet }) => span(fleet.hours, number)),
      right('USD', ({ fleet }) => span(fleet.usd, dollars)),
      right('USD/CLIP', ({ fleet }) => span(fleet.usdPerClip, dollars)),
      right('VCPUS', ({ vcpus }) => `${formatCount(vcpus.vcpus)} ${vcpus.code}`),
      { head: 'LIMITED BY', text: ({ limits }) => limits.join('; ') },
    ],
    plans,
  )
