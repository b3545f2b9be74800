import { FORMAT_TRAITS } from '../../shared/contracts/clip-format.ts'
import { appendXmp } from './append-xmp.ts'
import { tagOptions } from './clip-tags.ts'
import { BT709_TAGS, encodeFile, type FileRequest, REPRODUCIBLE } from './encode-file.ts'
import { toBt709 } from './frames-to-encode.ts'
import { type Mp4Video, readMp4 } from './read-mp4.ts'
import { xmpPacket } from './xmp-packet.ts'

const H264_CRF = FORMAT_TRAITS.mp4.crf?.usual

/**
 * H.264 in MP4: yuv420p, BT.709 limited range converted and tagged, index before the data, one coded frame for each given.
 * Metadata are its comment and its XMP.
 */
export const encodeMp4 = (request: FileRequest): Promise<Mp4Video> => {
  const { crf, metadata = null } = request
  return encodeFile(request, {
    outputOptions: [
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
      ...tagOptions(metadata, 'mp4'),
    ],
    complete: async (file) => {
      if (metadata !== null) await appendXmp(file, xmpPacket(metadata))
    },
    readBack: readMp4,
  })
}
