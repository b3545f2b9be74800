import type { MinuteValues } from '../../../infra/scaling/scaling-metrics.ts'

/*
 * As much of CloudWatch's metric math as scaling uses, for one minute: IF, FILL, MAX, comparisons and arithmetic. Where
 * a value is missing that is not filled in, so is the result. A division by zero is an error: nobody should have to rely
 * on what CloudWatch makes of it.
 */
const FILLED = /FILL\((\w+), (\d+)\)/g

const choose = (condition: boolean, then: number, otherwise: number): number => (condition ? then : otherwise)

export const evaluateExpression = (expression: string, values: MinuteValues): number | undefined => {
  const names = Object.keys(values) as (keyof MinuteValues)[]
  const needed = expression.replaceAll(FILLED, '')
  if (names.some((name) => values[name] === undefined && needed.includes(name))) return undefined
  const source = expression
    .replaceAll(FILLED, '($1 ?? $2)')
    .replaceAll('IF(', 'choose(')
    .replaceAll('MAX([', 'Math.max(...[')
  const evaluate = new Function('choose', ...names, `return ${source}`)
  const result: number = evaluate(choose, ...names.map((name) => values[name]))
  if (!Number.isFinite(result)) throw new Error(`is not a number: ${expression}`)
  return result
}
