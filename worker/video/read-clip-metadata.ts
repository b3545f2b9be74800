import type { ISOFile } from 'mp4box'
import { type ClipMetadata, clipMetadataSchema } from '../../shared/contracts/clip-record.ts'
import { commentTag } from './clip-tags.ts'
import { readBoxes } from './read-mp4.ts'
import { type ReadTagsOptions, readTags } from './read-tags.ts'

/** `©cmt`, the comment in the list of iTunes tags, as ffmpeg writes it. */
const COMMENT = 0xa9636d74

/** Properties of mp4box that its types leave open. */
interface OpenBox {
  readonly type?: string
  readonly boxes?: readonly OpenBox[]
  readonly list?: Readonly<Record<number, { readonly value?: unknown }>>
}

const childOf = (box: OpenBox | undefined, type: string): OpenBox | undefined =>
  box?.boxes?.find((child) => child.type === type)

const commentOf = (file: ISOFile): string | null => {
  const tags = childOf(childOf(childOf(file.moov, 'udta'), 'meta'), 'ilst')
  const value = tags?.list?.[COMMENT]?.value
  return typeof value === 'string' ? value : null
}

/** Metadata in a text; `null` if the text is something else, such as another program's comment. */
const parseMetadata = (text: string): ClipMetadata | null => {
  try {
    return clipMetadataSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

const metadataIn = (comment: string | null | undefined): ClipMetadata | null =>
  comment === null || comment === undefined ? null : parseMetadata(comment)

/** Reads the metadata of an MP4 from its comment; `null` if it has none. Throws, naming the file, if it is no MP4. */
export const readClipMetadata = async (file: string): Promise<ClipMetadata | null> =>
  metadataIn(commentOf(await readBoxes(file)))

const DEMUXERS = { webm: 'matroska', prores: 'mov' } as const

/**
 * Reads the metadata of a WebM, or of a QuickTime file with ProRes, from its tags; `null` if it has none. Throws, naming the
 * file, if ffmpeg cannot read it.
 */
export const readTaggedMetadata = async (
  file: string,
  format: keyof typeof DEMUXERS,
  options: Pick<ReadTagsOptions, 'ffmpegPath' | 'signal'>,
): Promise<ClipMetadata | null> => {
  const tags = await readTags(file, { ...options, demuxer: DEMUXERS[format] })
  return metadataIn(tags.get(commentTag(format).toLowerCase()))
}
