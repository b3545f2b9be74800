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

/** Options with which ffmpeg writes tags and record into a container. The record is the comment. */
export const tagOptions = (metadata: ClipMetadata): readonly string[] => {
  const { title, description, software } = clipTags(metadata)
  const tags = { title, description, encoding_tool: software, comment: JSON.stringify(metadata) }
  return Object.entries(tags).flatMap(([key, value]) => ['-metadata', `${key}=${value}`])
}
