import { formatBytes } from '../../shared/size-text.ts'
import type { OpenModel } from '../models/open-model.ts'
import { type Check, ok, runCheck } from './check.ts'

export interface ModelCheck {
  readonly check: Check
  /** The open model; `null` if the check failed. */
  readonly model: OpenModel | null
}

/** Opens the model, which fetches and verifies it (`openModel`). */
export const checkModel = async (
  source: string,
  open: (source: string) => Promise<OpenModel>,
): Promise<ModelCheck> => {
  let model: OpenModel | null = null
  const check = await runCheck('model', 'see the message', async () => {
    const opened = await open(source)
    model = opened
    const { model_id: id, files, sha256 } = opened.record
    const bytes = files.reduce((total, { size_bytes }) => total + size_bytes, 0)
    return ok(
      `${id}, ${files.length} files of ${formatBytes(bytes)}, sha256 ${sha256.slice(0, 12)}, in ${opened.dir}`,
    )
  })
  return { check, model }
}
