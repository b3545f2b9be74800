import { modelRecordKey } from '../../../shared/contracts/bucket-layout.ts'
import { modelRecordSchema } from '../../../shared/contracts/model-record.ts'
import {
  type CompleteParameters,
  completeParameters,
  decodeDefaults,
  encodeParameters,
} from '../../../shared/contracts/parameters-document.ts'
import { resolveParameters } from '../../../shared/contracts/render-parameters.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { readReadableRecord } from '../../../shared/records/read-record.ts'
import type { JobStatus } from '../tracking/job-status.ts'

/**
 * Parameters of a job that sets none. `null` if the jobs are not all of one checkpoint, or if it is not in the bucket.
 */
export const checkpointDefaults = async (
  models: ObjectStore,
  statuses: readonly JobStatus[],
  signal: AbortSignal,
): Promise<CompleteParameters | null> => {
  const ids = new Set(statuses.flatMap(({ result }) => result?.job.model.id ?? []))
  const [id, ...others] = ids
  if (id === undefined || others.length > 0) return null
  const stored = await readReadableRecord(models, modelRecordKey(id), modelRecordSchema, signal)
  if (stored === null) return null
  const { defaults, vae_scale_factor: vaeScaleFactor } = stored.record
  const parameters = resolveParameters({}, decodeDefaults(defaults), { vaeScaleFactor })
  return completeParameters(encodeParameters(parameters))
}
