import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { RenderJob, RenderResult } from '../renderer/render-job.ts'

/**
 * A job whose files go into hidden folders beside their real places, so that a clip appears whole or not at all,
 * also when the renderer's process was killed while it wrote.
 */
export interface StagedOutputs {
  readonly job: RenderJob
  /** Moves the files to their places, each video last, and tells those. Frames of the same number are replaced. */
  publish(result: RenderResult): Promise<RenderResult>
  /** Removes what is left of the hidden folders. */
  discard(): Promise<void>
}

export const stageOutputs = async (job: RenderJob): Promise<StagedOutputs> => {
  const hidden = `.svd-${randomUUID()}.partial`
  const staged = (file: string): string => path.join(path.dirname(file), hidden, path.basename(file))
  const published = (file: string): string => path.join(path.dirname(path.dirname(file)), path.basename(file))
  const framesDirs = job.framesDirs?.map((folder) => path.join(folder, hidden)) ?? null
  const outputs = job.outputs.map(staged)
  const folders = new Set([...outputs.map((file) => path.dirname(file)), ...(framesDirs ?? [])])
  const discard = async (): Promise<void> => {
    // Retried: an ffmpeg whose renderer was killed may still be closing its file.
    for (const folder of folders)
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }

  const publishFrames = async (folder: string): Promise<string> => {
    for (const frame of await readdir(folder))
      await rename(path.join(folder, frame), path.join(folder, '..', frame))
    return path.dirname(folder)
  }

  const publishFile = async <File extends { readonly path: string }>(file: File): Promise<File> => {
    await rename(file.path, published(file.path))
    return { ...file, path: published(file.path) }
  }

  for (const folder of folders) await mkdir(folder, { recursive: true })
  return {
    job: { ...job, outputs, framesDirs },
    async publish(result) {
      const videos: RenderResult['videos'] = []
      for (const { framesDir, poster, video, frameCount } of result.videos) {
        videos.push({
          framesDir: framesDir === null ? null : await publishFrames(framesDir),
          poster: await publishFile(poster),
          video: await publishFile(video),
          frameCount,
        })
      }
      return { ...result, videos }
    },
    discard,
  }
}
