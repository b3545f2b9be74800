import type { ClipFormat } from '../../shared/contracts/clip-format.ts'
import type { EncodeFile } from './encode-file.ts'
import { encodeGif } from './encode-gif.ts'
import { encodeMp4 } from './encode-mp4.ts'
import { encodePngZip } from './encode-png-zip.ts'
import { encodeProres } from './encode-prores.ts'
import { encodeWebm } from './encode-webm.ts'

interface Encoder {
  /** ffmpeg's own name of the encoder that the format needs; `null`: it needs no ffmpeg. */
  readonly needs: string | null
  /** Passes over the frames. */
  readonly passes: number
  readonly encode: EncodeFile
}

export const ENCODERS: Readonly<Record<ClipFormat, Encoder>> = {
  mp4: { needs: 'libx264', passes: 1, encode: encodeMp4 },
  webm: { needs: 'libvpx-vp9', passes: 1, encode: encodeWebm },
  gif: { needs: 'gif', passes: 2, encode: encodeGif },
  prores: { needs: 'prores_ks', passes: 1, encode: encodeProres },
  png: { needs: null, passes: 1, encode: encodePngZip },
}
