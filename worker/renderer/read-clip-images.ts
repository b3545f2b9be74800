import type { ClipImages } from '../pipeline/condition-clip.ts'
import { fitImage } from '../pipeline/image/fit.ts'
import { isFittedAhead } from './fit-ahead.ts'
import type { RenderJob } from './render-job.ts'
import { readRgbFile, writeRgbFile } from './rgb-file.ts'

/**
 * A job's images. That of a large clip is fitted here, and written for the clip's checks. To be called once the clip is
 * known to fit the memory.
 */
export const readClipImages = async (
  {
    source,
    fitted,
    parameters,
  }: Pick<RenderJob, 'source' | 'fitted'> & {
    readonly parameters: Pick<RenderJob['parameters'], 'fit'>
  },
  signal: AbortSignal,
): Promise<ClipImages> => {
  const image = await readRgbFile(source)
  if (isFittedAhead(fitted)) return { source: image, fitted: await readRgbFile(fitted) }
  const large = fitImage(image, fitted.width, fitted.height, parameters.fit)
  await writeRgbFile(fitted.path, large, signal)
  return { source: image, fitted: large }
}
