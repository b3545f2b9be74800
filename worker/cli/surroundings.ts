import type { DeviceProbes } from '../cuda/choose-device.ts'
import type { DeviceChoice } from '../engine/device.ts'
import type { Renderer, RendererOptions } from '../renderer/child-process-renderer.ts'
import type { ImageProcess } from '../renderer/image-process.ts'
import type { prepareImage } from '../renderer/prepare-image.ts'
import type { RenderJob, RenderResult } from '../renderer/render-job.ts'
import type { finishClip } from '../video/finish-clip.ts'
import type { Services } from './services.ts'

export interface TextOutput {
  write(text: string): unknown
  /** Resolves when all has been written. Throws what kept it from being written. */
  flush?(): Promise<void>
}

/** A terminal if `isTTY`. */
export type StatusOutput = NodeJS.WritableStream & { readonly isTTY?: boolean | undefined }

/** All that a command touches besides the file system. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Results. */
  readonly stdout: TextOutput
  /** Progress and errors. */
  readonly stderr: StatusOutput
  /** Aborts with an InterruptedError. */
  readonly signal: AbortSignal
  readonly prepareImage: typeof prepareImage
  /** For images that others have uploaded. */
  openImageProcess(): ImageProcess
  readonly finishClip: typeof finishClip
  /** How `--device auto` finds a card, and what keeps one from being used. */
  readonly deviceProbes: DeviceProbes
  /** A renderer whose process is made for that device. */
  openRenderer(
    device: DeviceChoice,
    limits?: Pick<RendererOptions<RenderJob, RenderResult>, 'stallTimeoutMs' | 'onRestart'>,
  ): Renderer<RenderJob, RenderResult>
  /** For the commands of the queue side. */
  openServices(): Promise<Services>
}
