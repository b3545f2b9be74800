import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { partialName } from '../../shared/files/partial-name.ts'
import type { FinishedClip, FormattedFile } from '../video/finish-clip.ts'
import type { ImageOutputs } from './outputs.ts'

/** Temporary paths of one video's files. */
export interface StagedVideo {
  readonly rawFrames: string
  readonly output: string
  readonly framesDir: string | null
}

/**
 * Hidden folders beside the final paths of an image's files, so that a clip appears whole or not at all, also if the
 * renderer's process was killed while it wrote.
 */
export interface StagedOutputs {
  /** Hidden folder beside the first video, also for intermediate files. */
  readonly folder: string
  readonly videos: readonly StagedVideo[]
  /** Makes the hidden folders. The folders that contain them must exist. */
  make(): Promise<void>
  /**
   * Moves the files to their final paths and returns these. Each video is moved last, and its first format after the
   * others. Frames of the same number are replaced.
   */
  publish(clips: readonly FinishedClip[]): Promise<readonly FinishedClip[]>
  /** Removes what is left of the hidden folders. */
  discard(): Promise<void>
}

const publishFrames = async (folder: string): Promise<string> => {
  for (const frame of await readdir(folder))
    await rename(path.join(folder, frame), path.join(folder, '..', frame))
  return path.dirname(folder)
}

const publishFile = async <File extends { readonly path: string }>(file: File): Promise<File> => {
  const published = path.join(path.dirname(file.path), '..', path.basename(file.path))
  await rename(file.path, published)
  return { ...file, path: published }
}

const publishClip = async (clip: FinishedClip): Promise<FinishedClip> => {
  const { video, ...published } = {
    ...clip,
    framesDir: clip.framesDir === null ? null : await publishFrames(clip.framesDir),
    poster: await publishFile(clip.poster),
  }
  const files: FormattedFile[] = []
  for (const file of clip.files.toReversed()) files.unshift(await publishFile(file))
  return { ...published, files, video: files[0] ?? video }
}

export const stageOutputs = ({ outputs, framesDirs }: Omit<ImageOutputs, 'image'>): StagedOutputs => {
  const hidden = partialName()
  // A folder of its own, because all its files are published as frames, also if they go to the video's folder.
  const hiddenFrames = partialName()
  const videos = outputs.map((file, index): StagedVideo => {
    const { dir, base, name } = path.parse(file)
    const framesDir = framesDirs?.[index]
    return {
      rawFrames: path.join(dir, hidden, `${name}.rgb`),
      output: path.join(dir, hidden, base),
      framesDir: framesDir === undefined ? null : path.join(framesDir, hiddenFrames),
    }
  })
  const folders = [
    ...new Set([
      ...videos.map(({ output }) => path.dirname(output)),
      ...videos.flatMap(({ framesDir }) => framesDir ?? []),
    ]),
  ]
  return {
    folder: folders[0] ?? '',
    videos,
    async make() {
      for (const folder of folders) await mkdir(folder)
    },
    async publish(clips) {
      const published: FinishedClip[] = []
      for (const clip of clips) published.push(await publishClip(clip))
      return published
    },
    async discard() {
      const removals = folders.map((folder) => rm(folder, { recursive: true, force: true }))
      // A folder that cannot be removed does not keep the others from being removed.
      await Promise.allSettled(removals)
      await Promise.all(removals)
    },
  }
}
