import { decodeDefaults } from '../../shared/contracts/parameters-document.ts'
import type { ClipTraits } from '../../shared/manifest/plan-clips.ts'
import type { IngestDeps } from './ingest-deps.ts'

/** Traits of a deployment that decide about its clips. */
export const traitsOf = ({ model, defaultSize }: Pick<IngestDeps, 'model' | 'defaultSize'>): ClipTraits => ({
  defaults: decodeDefaults(model.defaults),
  vaeScaleFactor: model.vae_scale_factor,
  defaultSize,
})
