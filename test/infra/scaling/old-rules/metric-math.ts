/*
 * As much of CloudWatch's metric math as the old scaling alarms used, for the values of one minute. What is documented of
 * missing values (CloudWatch user guide, "Using math expressions with CloudWatch metrics"):
 *
 *   + - * /     "Missing values in a time series are treated as 0. If the value of a data point causes a function to attempt
 *               to divide by zero, the data point is dropped."
 *   < > <= >=   "When comparison operators are used between two time series, and only one of the time series has a value for
 *               a particular time stamp, the function treats the missing value in the other time series as 0."
 *   IF          the result "is dropped if the corresponding data point in metric1 does not exist"
 *   FILL        "Fills the missing values of a time series."
 *
 * A minute in which no series of an operation has a value has no data point at all.
 */

/** Treatment of a series that has no value beside one that has: the document's, or that of the project's old test. */
export type MissingInArithmetic = 'zero' | 'dropped'

/** Value of each metric in one minute; `undefined` if it has none, or none yet. */
export type MetricValues = Readonly<Record<string, number | undefined>>

interface Operand {
  /** `undefined`: a series without a value in this minute. */
  readonly value: number | undefined
  readonly isScalar: boolean
}

const OPERATIONS: Readonly<Record<string, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
}
/** From the loosest to the tightest. */
const LEVELS = [
  ['<', '>'],
  ['+', '-'],
  ['*', '/'],
] as const

/** Value of the expression; `undefined` if the minute has no data point. Throws for what is not of this grammar. */
export const evaluateMetricMath = (
  expression: string,
  values: MetricValues,
  missing: MissingInArithmetic,
): number | undefined => {
  const tokens = expression.match(/\w+|[^\s\w]/g) ?? []
  let next = 0
  const take = (wanted?: string): string => {
    const token = tokens[next++]
    if (token === undefined || (wanted !== undefined && token !== wanted))
      throw new Error(`expected ${wanted ?? 'an operand'}, got ${token ?? 'the end'}: ${expression}`)
    return token
  }

  const combine = (operator: string, a: Operand, b: Operand): Operand => {
    const isScalar = a.isScalar && b.isScalar
    const hasNone = [a, b].every((operand) => operand.isScalar || operand.value === undefined)
    const isDropped = missing === 'dropped' && (a.value === undefined || b.value === undefined)
    if (isDropped || (hasNone && !isScalar)) return { value: undefined, isScalar }
    const value = OPERATIONS[operator]!(a.value ?? 0, b.value ?? 0)
    return { value: Number.isFinite(value) ? value : undefined, isScalar }
  }

  const readArguments = (close: ')' | ']'): readonly Operand[] => {
    const operands = [readLevel(0)]
    while (tokens[next] === ',') {
      take(',')
      operands.push(readLevel(0))
    }
    take(close)
    return operands
  }

  const call = (name: string): Operand => {
    if (name === 'MAX') {
      take('[')
      const operands = readArguments(']')
      take(')')
      return operands.reduce((a, b) => {
        if (a.value === undefined || b.value === undefined) {
          return missing === 'dropped' ? { value: undefined, isScalar: false } : a.value === undefined ? b : a
        }
        return a.value >= b.value ? a : b
      })
    }
    const [first, second, third] = readArguments(')')
    if (first === undefined || second === undefined) throw new Error(`${name} lacks arguments: ${expression}`)
    if (name === 'FILL') return { value: first.value ?? second.value, isScalar: false }
    if (name !== 'IF' || third === undefined) throw new Error(`${name} is not implemented: ${expression}`)
    if (first.value === undefined) return { value: undefined, isScalar: false }
    return { ...(first.value === 0 ? third : second), isScalar: false }
  }

  const readOperand = (): Operand => {
    const token = take()
    if (token === '(') {
      const inner = readLevel(0)
      take(')')
      return inner
    }
    if (/^\d+$/.test(token)) return { value: Number(token), isScalar: true }
    if (tokens[next] === '(') {
      take('(')
      return call(token)
    }
    if (!(token in values)) throw new Error(`there is no metric ${token}: ${expression}`)
    return { value: values[token], isScalar: false }
  }

  const readLevel = (level: number): Operand => {
    const operators: readonly string[] | undefined = LEVELS[level]
    if (operators === undefined) return readOperand()
    let left = readLevel(level + 1)
    while (operators.includes(tokens[next] ?? '')) left = combine(take(), left, readLevel(level + 1))
    return left
  }

  const { value } = readLevel(0)
  if (next < tokens.length) throw new Error(`expected the end, got ${tokens[next]}: ${expression}`)
  return value
}
