import type { ExistingRecord } from './clip-records.ts'
import type { ExistingFile } from './existing-file.ts'

/** Something that is under the name of a file of a clip. */
export type Obstacle = Exclude<ExistingFile, 'absent' | 'equal'> | Exclude<ExistingRecord, 'own'>

const MEANINGS: Readonly<Record<Obstacle, string>> = {
  different: 'exists and differs from the clip; give --overwrite to replace it, or another folder or --name',
  'another-clip':
    'is the record of another clip; give --overwrite to replace it, or another folder or --name',
  'another-document': "exists, and the clip's record needs this name; give another folder or --name",
  folder: 'is a folder; give another folder or --name',
}

const REPLACEABLE: readonly Obstacle[] = ['different', 'another-clip']

/** Whether an obstacle stays where it is. Only clips and their records are replaced, and only with `--overwrite`. */
export const isInTheWay = (obstacle: Obstacle, overwrite: boolean): boolean =>
  !overwrite || !REPLACEABLE.includes(obstacle)

/** Says why a file is not written, and what to do. */
export const obstacleText = (file: string, obstacle: Obstacle): string => `${file} ${MEANINGS[obstacle]}`

/** Files that one message names. */
const SHOWN_FILES = 5

/** Says why several files are not written: all those with the first one's reason. */
export const obstaclesText = (
  found: readonly { readonly file: string; readonly obstacle: Obstacle }[],
): string => {
  const [first] = found
  if (first === undefined) return ''
  const files = found.filter(({ obstacle }) => obstacle === first.obstacle).map(({ file }) => file)
  const more = files.length - SHOWN_FILES
  const shown = `${files.slice(0, SHOWN_FILES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  return files.length === 1
    ? obstacleText(first.file, first.obstacle)
    : `${shown}: each ${MEANINGS[first.obstacle]}`
}
