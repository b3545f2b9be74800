import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { RgbImage } from '../image/rgb-image.ts'
import type { ModelReference } from './job-message.ts'
import type { ParametersDocument } from './parameters-document.ts'

/** SHA-256 of anything JSON, by RFC 8785: the order of keys does not count. */
export const hashJson = (value: unknown): string =>
  createHash('sha256')
    .update(canonicalize(value) ?? '')
    .digest('hex')

/**
 * An image's identity: of its upright RGB pixels and size, so that neither the file format nor the encoder's
 * version counts. Lower-case hex.
 */
export const hashPixels = ({ width, height, data }: RgbImage): string =>
  createHash('sha256').update(`rgb ${width}x${height}\n`).update(data).digest('hex')

/**
 * Hexadecimal digits of a job id: 128 bits. A caller who submits the same image, parameters and model again gets the
 * same job.
 */
const ID_LENGTH = 32

/**
 * Id of a job, which also names its outputs. It depends on pixels, parameters and model alone: not on name, group or
 * time.
 */
export const jobIdOf = (
  pixelsSha256: string,
  parameters: ParametersDocument,
  model: ModelReference,
): string => hashJson({ pixels_sha256: pixelsSha256, parameters, model: model.sha256 }).slice(0, ID_LENGTH)
