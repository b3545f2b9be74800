import { z } from 'zod'

const IMAGE_PATH = String.raw`[a-z0-9][\w.-]*(:\d+)?(\/[a-z0-9][\w.-]*)*`
const DIGEST = '@sha256:[0-9a-f]{64}'

/** As `docker pull` takes it; empty for none. */
export const imageName = z
  .string()
  .regex(
    new RegExp(String.raw`^$|^${IMAGE_PATH}(:[\w.-]+|${DIGEST})$`),
    'must be NAME:TAG or NAME@sha256:DIGEST, as docker pull takes it, or empty',
  )

/** As FROM in a Dockerfile takes it, and as `npm run check:images` prints it. */
export const baseImageName = z
  .string()
  .regex(
    new RegExp(String.raw`^$|^${IMAGE_PATH}(:[\w.-]+|(:[\w.-]+)?${DIGEST})$`),
    'must be NAME:TAG, NAME@sha256:DIGEST or NAME:TAG@sha256:DIGEST, as npm run check:images prints it, or empty',
  )
