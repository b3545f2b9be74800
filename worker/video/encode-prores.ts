import { tagOptions } from './clip-tags.ts'
import { BT709_TAGS, type EncodeFile, encodeFile, REPRODUCIBLE } from './encode-file.ts'
import { toBt709 } from './frames-to-encode.ts'
import { readContainer } from './read-container.ts'

/** Index of 422 HQ among the profiles of `prores_ks`. */
const HQ = '3'

/**
 * ProRes 422 HQ in QuickTime: 10 bit 4:2:2, BT.709 limited range converted and tagged, each frame on its own.
 * Metadata are tags of QuickTime.
 */
export const encodeProres: EncodeFile = (request) => {
  const { metadata = null } = request
  return encodeFile(request, {
    outputOptions: [
      ...['-filter:v', toBt709('yuv422p10le')],
      // Editing programs take a file for Apple's own by its vendor.
      ...['-c:v', 'prores_ks', '-profile:v', HQ, '-vendor', 'apl0', '-threads', '1'],
      ...BT709_TAGS,
      // Builds before 4.4 write the colour box only when asked.
      ...['-movflags', metadata === null ? '+write_colr' : '+write_colr+use_metadata_tags', '-f', 'mov'],
      ...REPRODUCIBLE,
      ...tagOptions(metadata, 'prores'),
    ],
    readBack: (file) => readContainer(file, request),
  })
}
