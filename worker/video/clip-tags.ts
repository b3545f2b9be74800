import path from 'node:path'
import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'

/** The same facts for people: what players and asset managers show without reading the record. */
export interface ClipTags {
  readonly title: string
  readonly description: string
  readonly software: string
}

/** Tags of a clip. A title is the image's name without its ending, as the files of `svd render` have it. */
export const clipTags = ({ image, model, parameters, video, svd_batch }: ClipMetadata): ClipTags => {
  const { name } = path.parse(image.name)
  return {
    title: parameters.num_videos_per_prompt === 1 ? name : `${name}-${video}`,
    description: `Generated from ${image.name} with the model ${model.id}`,
    software: `svd-batch ${svd_batch}`,
  }
}

/** A container that carries tags. */
export type TaggedFormat = 'mp4' | 'webm' | 'prores'

type TagNames = Readonly<Record<keyof ClipTags | 'comment', string>>

/**
 * Names of the tags for ffmpeg. An MP4 has the tags of iTunes. QuickTime has keys of its own: Apple's QuickTime File Format,
 * "QuickTime metadata keys". Without `use_metadata_tags`, ffmpeg does not write them.
 */
const TAG_NAMES: Readonly<Record<TaggedFormat, TagNames>> = {
  mp4: { title: 'title', description: 'description', software: 'encoding_tool', comment: 'comment' },
  webm: { title: 'title', description: 'DESCRIPTION', software: 'SOFTWARE', comment: 'COMMENT' },
  prores: {
    title: 'com.apple.quicktime.title',
    description: 'com.apple.quicktime.description',
    software: 'com.apple.quicktime.software',
    comment: 'com.apple.quicktime.comment',
  },
}

/** Name of the tag that holds the record. */
export const commentTag = (format: TaggedFormat): string => TAG_NAMES[format].comment

/** Options with which ffmpeg writes tags and record into a container; none without metadata. The record is the comment. */
export const tagOptions = (
  metadata: ClipMetadata | null | undefined,
  format: TaggedFormat,
): readonly string[] => {
  if (metadata === null || metadata === undefined) return []
  const tags = { ...clipTags(metadata), comment: JSON.stringify(metadata) }
  const names = TAG_NAMES[format]
  return (['title', 'description', 'software', 'comment'] as const).flatMap((tag) => [
    '-metadata',
    `${names[tag]}=${tags[tag]}`,
  ])
}
