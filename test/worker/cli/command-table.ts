import type { NeededRight } from '../../fixtures/rights/needed-right.ts'

/** `BucketsInput/images/20261124/cup.png` → `BucketsInput/images/*`: as in a policy. */
const placeOf = (resource: string): string => resource.replace(/^(Buckets\w+\/[^/]+)\/.*$/s, '$1/*')

/** One row a command and action, with all places for which it is needed. */
export const commandTable = (needs: ReadonlyMap<string, readonly NeededRight[]>): string => {
  const lines = [...needs].flatMap(([command, needed]) =>
    [...Map.groupBy(needed, ({ action }) => action)]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([action, rights]) => {
        const places = new Set(rights.map(({ resource }) => `\`${placeOf(resource)}\``))
        return `| \`svd ${command}\` | \`${action}\` | ${[...places].toSorted().join('<br>')} |`
      }),
  )
  return [
    '# What people need for each command',
    '',
    'Made of the requests that the commands made, by `test/worker/cli/command-rights.test.ts`. The rights to',
    '`Key` are needed with `encryption: kms` alone.',
    '',
    '| command | action | resources |',
    '| --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}
