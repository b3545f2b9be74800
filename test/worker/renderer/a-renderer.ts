import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import {
  openRenderer,
  type Renderer,
  type RendererOptions,
} from '../../../worker/renderer/child-process-renderer.ts'
import { type WordJob, type WordResult, wordSchemas } from './fixtures/word-job.ts'

export const fixture = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))

/** A renderer of words, which the end of the test closes. */
export const aRenderer = (
  options: Partial<RendererOptions<WordJob, WordResult>> = {},
): Renderer<WordJob, WordResult> => {
  const renderer = openRenderer({ entry: fixture('serve-words.ts'), schemas: wordSchemas, ...options })
  onTestFinished(() => renderer.close())
  return renderer
}

export const never = new AbortController().signal

export const say = (renderer: Renderer<WordJob, WordResult>, word: string): Promise<WordResult> =>
  renderer.render({ word }, { signal: never })

/** Runs a job and aborts it when it is at work. */
export const sayAndAbort = (renderer: Renderer<WordJob, WordResult>, word: string, reason: unknown) => {
  const controller = new AbortController()
  return renderer.render({ word }, { signal: controller.signal, onProgress: () => controller.abort(reason) })
}

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
