import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type ClipFormat, DEFAULT_FORMATS, FORMAT_TRAITS } from '../../../shared/contracts/clip-format.ts'
import type { ClipQuality } from '../../../shared/contracts/result-record.ts'
import type { FinishedVideo } from '../../../worker/jobs/job-stages.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { QUALITY } from './quality/a-quality.ts'

export const sha256Of = (content: string): string => createHash('sha256').update(content).digest('hex')

/** A video whose files are texts: `CONTENT video`, `CONTENT poster` and, for other formats, such as `CONTENT gif`. */
export const aFinishedVideo = async (
  content: string,
  quality: ClipQuality = QUALITY,
  formats: readonly ClipFormat[] = DEFAULT_FORMATS,
): Promise<FinishedVideo> => {
  const dir = await temporaryDir()
  const file = async (name: string, text: string) => {
    await writeFile(path.join(dir, name), text)
    return { path: path.join(dir, name), sizeBytes: text.length, sha256: sha256Of(text) }
  }
  const video = await file('video.mp4', `${content} video`)
  const files = []
  for (const format of formats) {
    const name = `video${FORMAT_TRAITS[format].ending}`
    files.push({ format, ...(format === 'mp4' ? video : await file(name, `${content} ${format}`)) })
  }
  return {
    video,
    files,
    poster: await file('video.poster.png', `${content} poster`),
    frames: 14,
    quality,
  }
}
