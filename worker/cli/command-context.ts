import type { Services } from '../aws/services.ts'
import type { DeviceProbes } from '../cuda/choose-device.ts'
import type { DeviceChoice } from '../engine/device.ts'
import type { Renderer, RendererOptions } from '../renderer/child-process-renderer.ts'
import type { ImageProcess } from '../renderer/image-process.ts'
import type { prepareImage } from '../renderer/prepare-image.ts'
import type { RenderJob, RenderResult } from '../renderer/render-job.ts'
import type { finishClip } from '../video/finish-clip.ts'
import type { Desktop } from './desktop.ts'

/** A terminal if `isTTY`. */
export interface TextOutput {
  readonly isTTY?: boolean | undefined
  write(text: string): unknown
  /** Resolves when all has been written. Throws the error if that failed. */
  flush?(): Promise<void>
}

/** A terminal if `isTTY`. */
export type StatusOutput = NodeJS.WritableStream & { readonly isTTY?: boolean | undefined }

/** All that a command touches besides the file system. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Output for results. */
  readonly stdout: TextOutput
  /** Output for progress and errors. */
  readonly stderr: StatusOutput
  /** Aborts with an InterruptedError. */
  readonly signal: AbortSignal
  readonly prepareImage: typeof prepareImage
  /** Opens a process for images that others have uploaded. */
  openImageProcess(): ImageProcess
  readonly finishClip: typeof finishClip
  readonly desktop: Desktop
  /** Probes by which `--device auto` finds a card and the faults that keep it from being used. */
  readonly deviceProbes: DeviceProbes
  /** Opens a renderer whose process is made for that device. */
  openRenderer(
    device: DeviceChoice,
    limits?: Pick<RendererOptions<RenderJob, RenderResult>, 'stallTimeoutMs' | 'onRestart'>,
  ): Renderer<RenderJob, RenderResult>
  /** Opens the services for the commands of the queue side. */
  openServices(): Promise<Services>
}
