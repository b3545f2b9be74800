import type { UploadRejected } from '../../../shared/contracts/pipeline-event.ts'

/** A valid event. `number` gives it an id of its own. */
export const anEvent = (number = 0): UploadRejected => ({
  type: 'upload.rejected',
  version: 1,
  event_id: number.toString(16).padStart(32, '0'),
  upload: { kind: 'image', bucket: 'in', key: 'images/a.png', version_id: null, etag: '"1"' },
  context: { order: number },
  output_bucket: 'out',
  report_key: 'reports/images/a.png.json',
  faults: [],
})
