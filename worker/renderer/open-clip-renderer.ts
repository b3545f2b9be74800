import { programFile } from '../../shared/program-file.ts'
import { type DeviceChoice, deviceEnvironment } from '../engine/device.ts'
import { openRenderer, type Renderer, type RendererOptions } from './child-process-renderer.ts'
import { countOomKills } from './oom-kills.ts'
import { type RenderJob, type RenderResult, renderJobSchema, renderResultSchema } from './render-job.ts'
import { renderWithinMemory } from './render-within-memory.ts'
import { rendererEnvironment } from './renderer-environment.ts'

const RENDERER_ENTRY = programFile('./main', import.meta.url)

/** A renderer whose process is made for that device, and gets of `environment` what a renderer needs. */
export const openClipRenderer = (
  environment: Readonly<Record<string, string | undefined>>,
  device: DeviceChoice,
  limits?: Pick<RendererOptions<RenderJob, RenderResult>, 'stallTimeoutMs' | 'onRestart'>,
): Renderer<RenderJob, RenderResult> =>
  renderWithinMemory(
    openRenderer({
      ...limits,
      entry: RENDERER_ENTRY,
      schemas: { job: renderJobSchema, result: renderResultSchema },
      env: rendererEnvironment(environment, deviceEnvironment(device)),
    }),
    { countOomKills, ...(limits?.onRestart && { onRestart: limits.onRestart }) },
  )
