import type { Fault } from './faults.ts'

/** A number given once counts for every level. */
export const perLevel = (value: number | readonly number[], levels: number): readonly number[] =>
  typeof value === 'number' ? Array.from({ length: levels }, () => value) : value

/** Lists with another length than `block_out_channels`, which sets the number of levels. */
export const lengthFaults = (
  levels: number | undefined,
  lists: Readonly<Record<string, number | readonly unknown[] | undefined>>,
): Fault[] =>
  Object.entries(lists).flatMap(([field, list]) =>
    levels === undefined || !Array.isArray(list) || list.length === levels
      ? []
      : [
          {
            field,
            message: `has ${list.length} entries, but block_out_channels has ${levels}; give one per level`,
          },
        ],
  )
