import type { ISOFile } from 'mp4box'
import { type ClipMetadata, clipMetadataSchema } from '../../shared/contracts/clip-record.ts'
import { readBoxes } from './read-mp4.ts'

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

/** Reads the metadata of an MP4 from its comment; `null` if it has none. Throws, naming the file, if it is no MP4. */
export const readClipMetadata = async (file: string): Promise<ClipMetadata | null> => {
  const comment = commentOf(await readBoxes(file))
  return comment === null ? null : parseMetadata(comment)
}
