import type { Acting } from '../../fixtures/rights/act-as.ts'
import type { Right } from '../../fixtures/rights/right.ts'

const shown = ({ action, resource, condition }: Right): string =>
  `${action} on ${resource}${condition === '' ? '' : ` if ${condition}`}`

/**
 * `action on resource` of those that nothing asked for and no exception explains; and the exceptions that explain
 * nothing.
 */
export const unusedRights = (
  rights: readonly Right[],
  { used }: Pick<Acting, 'used'>,
  exceptions: readonly RegExp[],
): readonly string[] => {
  const unused = rights.filter((right) => !used.has(right)).map(shown)
  return [
    ...unused.filter((one) => !exceptions.some((exception) => exception.test(one))),
    ...exceptions.filter((exception) => !unused.some((one) => exception.test(one))).map(String),
  ]
}
