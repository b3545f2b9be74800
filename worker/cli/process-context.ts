import { machineProbes } from '../device/machine-probes.ts'
import { openImageProcess } from '../renderer/image-process.ts'
import { openClipRenderer } from '../renderer/open-clip-renderer.ts'
import { prepareImage } from '../renderer/prepare-image.ts'
import { finishClip } from '../video/finish-clip.ts'
import type { CommandContext, TextOutput } from './command-context.ts'
import { exitCodeOf, InterruptedError, OutputLostError } from './exit-code.ts'
import { openFile } from './open-file.ts'

/**
 * The first signal asks the command to stop and clean up; a second one ends the process at once. A terminal that closes
 * may say so twice, by the kernel and by the shell, so SIGHUP never does.
 */
const abortOnSignals = (controller: AbortController): void => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      const reason = new InterruptedError(signal)
      if (controller.signal.aborted && signal !== 'SIGHUP') process.exit(exitCodeOf(reason))
      controller.abort(reason)
    })
  }
}

/** This process's; what cannot be written stops the command. */
const watchedStdout = (controller: AbortController): TextOutput => {
  let fault: Error | undefined
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `svd inspect | head`: a reader that has seen enough is no failure.
    if (error.code === 'EPIPE') return controller.abort(new InterruptedError('SIGPIPE'))
    fault ??= new OutputLostError(
      `the standard output cannot be written (${error.code}); is its disk full?`,
      {
        cause: error,
      },
    )
    controller.abort(fault)
  })
  return {
    isTTY: process.stdout.isTTY,
    write: (text) => process.stdout.write(text),
    async flush() {
      await new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
      if (fault !== undefined) throw fault
    },
  }
}

/** This process. Takes over its signals. */
export const processContext = (): CommandContext => {
  const controller = new AbortController()
  abortOnSignals(controller)
  // Of a terminal that has closed: there is nobody left to tell.
  process.stderr.on('error', () => {})
  return {
    environment: process.env,
    stdout: watchedStdout(controller),
    stderr: process.stderr,
    signal: controller.signal,
    prepareImage,
    openImageProcess,
    finishClip,
    desktop: { platform: process.platform, open: openFile },
    deviceProbes: machineProbes(process.env),
    openRenderer: (device, limits) => openClipRenderer(process.env, device, limits),
    // Loaded when it is wanted: the SDK takes as long to load as all the rest.
    openServices: async () => (await import('../aws/aws-services.ts')).openAwsServices(),
  }
}
