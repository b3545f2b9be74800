import type { ModelRecord } from '../../shared/contracts/model-record.ts'
import { decodeDefaults } from '../../shared/contracts/parameters-document.ts'
import type { CheckpointTraits } from '../../shared/manifest/plan-clips.ts'

export const traitsOf = ({ defaults, vae_scale_factor }: ModelRecord): CheckpointTraits => ({
  defaults: decodeDefaults(defaults),
  vaeScaleFactor: vae_scale_factor,
})
