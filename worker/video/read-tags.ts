import path from 'node:path'
import { execa } from 'execa'
import { childEnvironment } from '../../shared/child-environment.ts'

const TIMEOUT_MS = 20_000

export interface ReadTagsOptions {
  /** ffmpeg's own name of the demuxer. No other one reads the file, whatever it contains. */
  readonly demuxer: 'matroska' | 'mov'
  readonly ffmpegPath: string
  readonly signal: AbortSignal
}

/**
 * The text of ffmpeg's muxer `ffmetadata`. Documentation of FFmpeg, Metadata: "Metadata keys or values containing special
 * characters ('=', ';', '#', '\' and a newline) must be escaped with a backslash '\'."
 */
const TAG = /^((?:\\.|[^=\\\n])+)=((?:\\.|[^\\\n])*)$/gms

const unescaped = (text: string): string => text.replaceAll(/\\(.)/gs, '$1')

/** Tags of a WebM or QuickTime file by their names in lower case. Throws, naming the file, if ffmpeg cannot read it. */
export const readTags = async (
  file: string,
  { demuxer, ffmpegPath, signal }: ReadTagsOptions,
): Promise<ReadonlyMap<string, string>> => {
  const args = ['-hide_banner', '-nostdin', '-loglevel', 'error', '-f', demuxer, '-i', path.resolve(file)]
  const { failed, stdout, stderr } = await execa(ffmpegPath, [...args, '-f', 'ffmetadata', '-'], {
    ...{ env: childEnvironment(process.env), extendEnv: false, stdin: 'ignore' },
    ...{ timeout: TIMEOUT_MS, cancelSignal: signal, reject: false },
  })
  signal.throwIfAborted()
  if (failed) throw new Error(`${file} cannot be read: ${stderr.trim() || 'ffmpeg finds no tags in it'}`)
  const tags = new Map<string, string>()
  // Tags of the file come before those of its streams.
  for (const [, name = '', value = ''] of stdout.matchAll(TAG)) {
    const key = unescaped(name).toLowerCase()
    if (!tags.has(key)) tags.set(key, unescaped(value))
  }
  return tags
}
