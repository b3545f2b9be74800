import { readdir } from 'node:fs/promises'
import { CLIP_FORMATS, FORMAT_TRAITS } from '../../../shared/contracts/clip-format.ts'
import { ID_DIGITS } from './name-fields.ts'

/** The end of a default name: the beginning of the job's id, and the number of one of several videos. */
const END = /-([0-9a-f]{8,32})(?:-\d+)?$/
const ENDINGS = CLIP_FORMATS.map((format) => FORMAT_TRAITS[format].ending)

const stemOf = (file: string): string | null => {
  const ending = ENDINGS.find((one) => file.endsWith(one))
  return ending === undefined ? null : file.slice(0, -ending.length)
}

/** Finds names of a job's videos in a folder, as they were when it was first asked. */
export type EarlierNames = (jobId: string) => Promise<readonly string[]>

/** Lists the folder once. Names come without their endings, each once, in the order of the alphabet. */
export const openEarlierNames = (folder: string): EarlierNames => {
  let listed: Promise<Map<string, string[]>> | null = null
  const list = async (): Promise<Map<string, string[]>> => {
    const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    const stems = [...new Set(files.flatMap((file) => stemOf(file) ?? []))].toSorted()
    return Map.groupBy(stems, (stem) => END.exec(stem)?.[1]?.slice(0, ID_DIGITS) ?? '')
  }
  return async (jobId) => {
    listed ??= list()
    return (await listed).get(jobId.slice(0, ID_DIGITS)) ?? []
  }
}
