import { FORMAT_TRAITS } from '../../shared/contracts/clip-format.ts'
import { tagOptions } from './clip-tags.ts'
import { BT709_TAGS, type EncodeFile, encodeFile, REPRODUCIBLE } from './encode-file.ts'
import { toBt709 } from './frames-to-encode.ts'
import { readContainer } from './read-container.ts'

const VP9_CRF = FORMAT_TRAITS.webm.crf?.usual

/**
 * VP9 in WebM: yuv420p, BT.709 limited range converted and tagged. A bit rate of 0 makes the CRF alone decide. Metadata are
 * tags of Matroska.
 */
export const encodeWebm: EncodeFile = (request) =>
  encodeFile(request, {
    outputOptions: [
      ...['-filter:v', toBt709('yuv420p')],
      ...['-c:v', 'libvpx-vp9', '-b:v', '0', '-crf', String(request.crf ?? VP9_CRF)],
      ...['-deadline', 'good', '-cpu-used', '2'],
      // The result of several threads depends on their number, which libvpx takes from the machine.
      ...['-threads', '1', '-row-mt', '0'],
      ...BT709_TAGS,
      ...['-f', 'webm'],
      ...REPRODUCIBLE,
      ...tagOptions(request.metadata, 'webm'),
    ],
    readBack: (file) => readContainer(file, request),
  })
