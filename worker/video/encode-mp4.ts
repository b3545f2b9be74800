import { stat } from 'node:fs/promises'
import path from 'node:path'
import { FORMAT_TRAITS } from '../../shared/contracts/clip-format.ts'
import type { ClipMetadata } from '../../shared/contracts/clip-record.ts'
import { writeThenRename } from '../../shared/files/write-then-rename.ts'
import { appendXmp } from './append-xmp.ts'
import { tagOptions } from './clip-tags.ts'
import { BT709_TAGS, REPRODUCIBLE } from './encode-file.ts'
import {
  assertAsAsked,
  assertEncodable,
  countedFrames,
  type FramesToEncode,
  rawInputOptions,
  toBt709,
} from './frames-to-encode.ts'
import { type Mp4Video, readMp4 } from './read-mp4.ts'
import { runFfmpeg } from './run-ffmpeg.ts'
import { xmpPacket } from './xmp-packet.ts'

export interface EncodeRequest extends FramesToEncode {
  readonly output: string
  /** CRF of H.264; `null` or absent: the usual one. */
  readonly crf?: number | null
  /** Written into the file, as its comment and as XMP; `null` or absent: none. */
  readonly metadata?: ClipMetadata | null
  readonly ffmpegPath: string
  readonly signal: AbortSignal
}

/** Properties of the written video, read back from the file. */
export interface EncodedVideo extends Mp4Video {
  readonly sizeBytes: number
}

/**
 * Encodes frames as H.264 in MP4: yuv420p, BT.709 limited range converted and tagged, index before the data,
 * one coded frame for each given. The same frames, metadata and ffmpeg give the same bytes. The file appears under
 * `output` complete, after its frame count, size and rate have been read back, or not at all.
 */
export const encodeMp4 = async (request: EncodeRequest): Promise<EncodedVideo> => {
  assertEncodable(request)
  const { metadata = null } = request
  const count = { frames: 0 }
  return writeThenRename(request.output, async (temporary) => {
    await runFfmpeg({
      ffmpegPath: request.ffmpegPath,
      input: countedFrames(request, count),
      inputOptions: rawInputOptions(request),
      outputOptions: [...outputOptions(request), ...(metadata === null ? [] : tagOptions(metadata))],
      output: path.resolve(temporary),
      signal: request.signal,
    })
    if (metadata !== null) await appendXmp(temporary, xmpPacket(metadata))
    const video = await readMp4(temporary)
    assertAsAsked(video, request, count.frames)
    request.signal.throwIfAborted()
    return { ...video, sizeBytes: (await stat(temporary)).size }
  })
}

const H264_CRF = FORMAT_TRAITS.mp4.crf?.usual

const outputOptions = ({ crf }: EncodeRequest): readonly string[] => [
  ...['-filter:v', toBt709('yuv420p')],
  ...['-c:v', 'libx264', '-preset', 'medium', '-crf', String(crf ?? H264_CRF)],
  // x264's result depends on its number of threads, which it takes from the machine, and on the processor.
  ...['-threads', '1', '-x264-params', 'cpu-independent=1'],
  ...BT709_TAGS,
  // x264 writes its version and settings into a NAL unit of type 6.
  ...['-bsf:v', 'filter_units=remove_types=6'],
  // Builds before 4.4 write the colour box only when asked.
  ...['-movflags', '+faststart+write_colr', '-f', 'mp4'],
  ...REPRODUCIBLE,
]
