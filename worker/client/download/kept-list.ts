import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { cutText } from '../../../shared/contracts/shown-value.ts'

const CLIP = /^[0-9a-f]{32}\/\d{1,3}$/
const clipsSchema = z.array(
  z.string().regex(CLIP, 'must be JOB/VIDEO: the 32 digits of a job, and the number of a video from 0'),
)

/** The list that the contact sheet exports. Other keys are ignored. */
const keptListSchema = z.object({
  version: z.literal(1),
  /** Clips to download, as `JOB/VIDEO`. */
  kept: clipsSchema,
  rejected: clipsSchema.default([]),
})

export interface KeptClip {
  readonly jobId: string
  readonly video: number
}

export interface KeptClips {
  /** Jobs with a kept clip, each once, in the order of the list. */
  readonly jobIds: readonly string[]
  readonly clips: readonly KeptClip[]
  /** Whether a video of a job is kept. */
  has(jobId: string, video: number): boolean
}

const parseList = (option: string, file: string, text: string): z.infer<typeof keptListSchema> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new InvalidInputError(
      option,
      `got '${file}', which is not JSON; export the list from the page that svd report writes`,
      { cause },
    )
  }
  const read = keptListSchema.safeParse(value)
  if (read.success) return read.data
  const [issue] = read.error.issues
  const field = issue?.path.map((key) => (typeof key === 'number' ? `[${key}]` : String(key))).join('') ?? ''
  throw new InvalidInputError(
    option,
    `${file}: ${field === '' ? 'the list' : field}: ${cutText(issue?.message ?? 'is not a list of clips', 200)}; ` +
      'export the list from the page that svd report writes',
  )
}

/** Reads a list of kept clips. `option`: the option that names the file. Throws InvalidInputError. */
export const readKeptList = async (option: string, file: string): Promise<KeptClips> => {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new InvalidInputError(option, `got '${file}', which cannot be read: ${error.message}`, {
      cause: error,
    })
  })
  const { kept, rejected } = parseList(option, file, text)
  const clips = new Set(kept)
  const both = rejected.find((clip) => clips.has(clip))
  if (both !== undefined)
    throw new InvalidInputError(option, `${file}: ${both} is both kept and rejected; remove one of the two`)
  if (clips.size === 0)
    throw new InvalidInputError(option, `${file}: no clip is kept; mark clips on the page`)
  const listed = [...clips].map((clip): KeptClip => {
    const [jobId = '', video = ''] = clip.split('/')
    return { jobId, video: Number(video) }
  })
  return {
    jobIds: [...new Set(listed.map(({ jobId }) => jobId))],
    clips: listed,
    has: (jobId, video) => clips.has(`${jobId}/${video}`),
  }
}
