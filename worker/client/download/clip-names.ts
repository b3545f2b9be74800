import { sameFileKey } from '../../../shared/files/same-file-key.ts'
import type { JobStatus } from '../tracking/job-status.ts'
import type { ParameterName } from '../tracking/parameter-differences.ts'
import { type ClipRequest, requestText } from './clip-request.ts'
import { defaultStem, differencesIn, isDefaultStem } from './default-name.ts'
import { stemFault } from './file-names.ts'
import { FIELDS_OF_ENDED_JOBS, fieldsOfVideo, missingFieldText, type NameFields } from './name-fields.ts'
import type { NameTemplate } from './name-template.ts'

/** A video of a clip, and the name that its files have before their endings. */
export interface NamedVideoFile {
  readonly request: ClipRequest
  readonly video: number
  readonly stem: string
  /** Tells whether the video has a name by default in some selection of clips. Absent with a template. */
  readonly isDefault?: (stem: string) => boolean
}

export interface NameFault {
  readonly jobId: string
  readonly message: string
}

export interface ClipNames {
  /**
   * Names the videos of those jobs that have no names yet. Returns what is wrong: a name that no file can have, or that
   * another video has. A name that needs the group or the model of a job waits until that has ended.
   */
  add(statuses: readonly JobStatus[]): readonly NameFault[]
  /** Names of a job's videos; empty if it has none yet. */
  of(jobId: string): readonly NamedVideoFile[]
}

/** Checks one name. Returns `null` if it is fine. */
export const nameFault = (stem: string, request: Pick<ClipRequest, 'uploadKey' | 'item'>): string | null => {
  const fault = stemFault(stem)
  return fault === null ? null : `gives ${requestText(request)} the name '${stem}', which ${fault}`
}

const fill = (
  template: NameTemplate,
  fields: NameFields,
  request: ClipRequest,
): { readonly stem: string; readonly fault: string | null } => {
  const lacking = template.fields.find((name) => fields[name] === null)
  if (lacking !== undefined) return { stem: '', fault: missingFieldText(lacking, request) }
  const stem = template.fill(fields)
  return { stem, fault: nameFault(stem, request) }
}

const sameVideo = (a: NamedVideoFile, b: NamedVideoFile): boolean =>
  a.request.jobId === b.request.jobId && a.video === b.video

/** Says that two videos have one name, or names that differ in nothing that every system sees, and what to do. */
export const collision = (first: NamedVideoFile, second: NamedVideoFile): string => {
  const isSameJob = first.request.jobId === second.request.jobId
  const [a, b] = [requestText(first.request), requestText(second.request)]
  if (isSameJob)
    return `gives videos ${first.video} and ${second.video} of ${a} the same name '${second.stem}'; add {video}`
  const fix = 'add a field in which they differ, such as {id}'
  if (first.stem !== second.stem)
    return (
      `gives ${a} the name '${first.stem}' and ${b} the name '${second.stem}', which are one file where case or Unicode ` +
      `form does not count, as on macOS; ${fix}`
    )
  return `gives ${a === b ? `two clips of ${a}` : `${a} and ${b}`} the same name '${second.stem}'; ${fix}`
}

/** Names files by a template, or by default (`null`) after what differs among the jobs of the first call. */
export const openClipNames = (requests: readonly ClipRequest[], template: NameTemplate | null): ClipNames => {
  const byJob = Map.groupBy(requests, ({ jobId }) => jobId)
  const named = new Map<string, readonly NamedVideoFile[]>()
  const taken = new Map<string, NamedVideoFile>()
  const needsEnd = template?.fields.some((name) => FIELDS_OF_ENDED_JOBS.includes(name)) ?? false
  let varying: readonly ParameterName[] | null = null

  const take = (file: NamedVideoFile): NamedVideoFile | null => {
    const key = sameFileKey(file.stem)
    const other = taken.get(key)
    if (other !== undefined && !sameVideo(other, file)) return other
    taken.set(key, file)
    return null
  }

  const nameVideo = (
    {
      request,
      video,
      fields,
      videos,
    }: Omit<NamedVideoFile, 'stem'> & {
      readonly fields: NameFields
      readonly videos: number
    },
    faults: NameFault[],
  ): readonly NamedVideoFile[] => {
    const refuse = (message: string): readonly [] => {
      faults.push({ jobId: request.jobId, message })
      return []
    }
    if (template !== null) {
      const { stem, fault } = fill(template, fields, request)
      if (fault !== null) return refuse(fault)
      const file = { request, video, stem }
      const other = take(file)
      return other === null ? [file] : refuse(collision(other, file))
    }
    const stemWith = (idDigits?: number): string =>
      defaultStem(fields, { varying: varying ?? [], videos, ...(idDigits !== undefined && { idDigits }) })
    const isDefault = (stem: string): boolean => isDefaultStem(stem, fields, videos)
    const file = { request, video, stem: stemWith(), isDefault }
    if (take(file) === null) return [file]
    // Two ids of a large batch may begin alike.
    const longer = { ...file, stem: stemWith(request.jobId.length) }
    take(longer)
    return [longer]
  }

  return {
    of: (jobId) => named.get(jobId) ?? [],
    add(statuses) {
      varying ??= differencesIn(statuses)
      const faults: NameFault[] = []
      for (const { jobId, parameters, result } of statuses) {
        if (named.has(jobId) || (needsEnd && result === null)) continue
        const videos = result?.outputs.length || parameters.num_videos_per_prompt
        const { group = null, model = null } = result?.job ?? {}
        const files = (byJob.get(jobId) ?? []).flatMap((request) =>
          Array.from({ length: videos }, (_, video) => {
            const about = { request, parameters, video, group, model: model?.id ?? null }
            return nameVideo({ request, video, videos, fields: fieldsOfVideo(about) }, faults)
          }).flat(),
        )
        // Of two requests of one job, both may ask for the same file. The first one names it.
        const keyOf = ({ video, stem }: NamedVideoFile): string => `${video} ${sameFileKey(stem)}`
        named.set(
          jobId,
          [...Map.groupBy(files, keyOf).values()].flatMap(([first]) => first ?? []),
        )
      }
      return faults
    },
  }
}
