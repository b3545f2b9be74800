import { IMAGE_JOB_SCHEMAS } from './image-job.ts'
import { prepareImage } from './prepare-image.ts'
import { serveRenderer } from './serve-renderer.ts'

serveRenderer({
  schemas: IMAGE_JOB_SCHEMAS,
  render: (image, { signal }) => prepareImage({ ...image, signal }),
})
