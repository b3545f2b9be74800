import { instanceTypeOf } from '../../../shared/fleet/instance-types.ts'
import { formatCount } from '../../../shared/size-text.ts'
import { isTooSmall } from '../../plan/card-memory.ts'
import type { InstancePlan } from '../../plan/plan-instance.ts'
import { formatMemoryFit } from '../graphs/memory-fit-text.ts'
import { formatRange, formatShort } from '../graphs/range-text.ts'
import { shortDuration } from '../terminal/duration.ts'
import { type Column, plainTable } from '../terminal/plain-table.ts'

const dollars = (value: number): string => (value < 1 ? value.toPrecision(2) : formatShort(value))

const memoryText = ({ instanceType, fit }: InstancePlan): string =>
  formatMemoryFit(fit, instanceTypeOf(instanceType).gpu.memoryMib)

/** Text of a column, or an empty one for an instance type whose memory is too small, which has no further plan. */
const ifItFits =
  (text: (plan: InstancePlan) => string) =>
  (plan: InstancePlan): string =>
    isTooSmall(plan.fit) ? '' : text(plan)

const right = (head: string, text: (plan: InstancePlan) => string): Column<InstancePlan> => ({
  head,
  align: 'right',
  text: ifItFits(text),
})

/** Table with one row for each instance type. `withinSeconds` is `null` if no time was asked for. */
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
      right('S/CLIP', ({ secondsPerClip }) => formatRange(secondsPerClip, formatShort)),
      { head: 'BASIS', text: ifItFits(({ basis }) => basis) },
      right('WORKERS', ({ fleet }) => formatCount(fleet.workers)),
      ...(withinSeconds === null
        ? []
        : [
            right(`IN ${shortDuration(withinSeconds).toUpperCase()}`, ({ workersWithin }) =>
              workersWithin === null ? 'never' : formatCount(workersWithin),
            ),
          ]),
      right('CLIPS/H', ({ fleet }) => formatRange(fleet.clipsPerHour, formatShort)),
      right('HOURS', ({ fleet }) => formatRange(fleet.hours, formatShort)),
      right('USD', ({ fleet }) => formatRange(fleet.usd, dollars)),
      right('USD/CLIP', ({ fleet }) => formatRange(fleet.usdPerClip, dollars)),
      right('VCPUS', ({ vcpus }) => `${formatCount(vcpus.vcpus)} ${vcpus.code}`),
      { head: 'LIMITED BY', text: ({ limits }) => limits.join('; ') },
    ],
    plans,
  )
