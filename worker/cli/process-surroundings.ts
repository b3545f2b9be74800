import { fileURLToPath } from 'node:url'
import { openRenderer } from '../renderer/child-process-renderer.ts'
import { prepareImage } from '../renderer/prepare-image.ts'
import { renderJobSchema, renderResultSchema } from '../renderer/render-job.ts'
import { rendererEnvironment } from '../renderer/renderer-environment.ts'
import { finishClip } from '../video/finish-clip.ts'
import { exitCodeOf, InterruptedError } from './exit-code.ts'
import type { Surroundings } from './surroundings.ts'

const RENDERER_ENTRY = fileURLToPath(new URL('../renderer/main.ts', import.meta.url))

/** The first signal asks the command to stop and clean up; a second one ends the process at once. */
const abortOnSignals = (): AbortSignal => {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      const reason = new InterruptedError(signal)
      if (controller.signal.aborted) process.exit(exitCodeOf(reason))
      controller.abort(reason)
    })
  }
  return controller.signal
}

/** This process. Takes over its signals. */
export const processSurroundings = (): Surroundings => {
  // `svd inspect | head`: a reader that has seen enough is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    environment: process.env,
    stdout: process.stdout,
    stderr: process.stderr,
    signal: abortOnSignals(),
    prepareImage,
    finishClip,
    openRenderer: () =>
      openRenderer({
        entry: RENDERER_ENTRY,
        schemas: { job: renderJobSchema, result: renderResultSchema },
        env: rendererEnvironment(process.env),
      }),
    // Loaded when it is wanted: the SDK takes as long to load as all the rest.
    openBucket: async (name) => (await import('./aws-bucket.ts')).openAwsBucket(name),
  }
}
