import { createReadStream } from 'node:fs'
import { type AllRegisteredBoxes, BoxParser, createFile, type ISOFile, MP4BoxBuffer } from 'mp4box'

/** Properties of the one video track of an MP4, from its boxes. */
export interface Mp4Video {
  /** The major brand: `isom`. */
  readonly container: string
  /** RFC 6381: `avc1.640015`. */
  readonly codec: string
  readonly width: number
  readonly height: number
  readonly frameCount: number
  /** Frames per second, if every frame lasts equally long; else undefined. */
  readonly fps: number | undefined
  readonly durationSeconds: number
  /** The index (`moov`) comes before the data, so that a player can start before it has the whole file. */
  readonly faststart: boolean
  /** Code points of ISO/IEC 23091-2 (1, 1, 1 is BT.709), if the file has a colour box. */
  readonly colour: Mp4Colour | undefined
}

export interface Mp4Colour {
  readonly primaries: number
  readonly transfer: number
  readonly matrix: number
  readonly fullRange: boolean
}

/** Reads a whole, not fragmented, MP4 with one video track. Throws, naming the file, if it is anything else. */
export const readMp4 = (file: string): Promise<Mp4Video> => readWhole(file, describe)

/** Reads the boxes of a whole MP4. Throws, naming the file, if it is anything else. */
export const readBoxes = (file: string): Promise<ISOFile> => readWhole(file, (boxes) => boxes)

const readWhole = async <T>(file: string, read: (boxes: ISOFile) => T): Promise<T> => {
  const pieces = createReadStream(file, { highWaterMark: PIECE_BYTES })
  try {
    return read(await parseBoxes(pieces))
  } catch (cause) {
    throw new Error(
      `${file} is not a complete MP4 video: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    )
  }
}

/** Bytes given to mp4box at once. It releases them after reading, so that only the index of a long clip stays in memory. */
const PIECE_BYTES = 2 ** 20

const parseBoxes = async (pieces: AsyncIterable<Uint8Array>): Promise<ISOFile> => {
  const file = createFile()
  file.onError = (module, message) => {
    throw new Error(`${module}: ${message}`)
  }
  let sizeBytes = 0
  for await (const piece of pieces) {
    file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(new Uint8Array(piece).buffer, sizeBytes))
    sizeBytes += piece.length
  }
  file.flush()
  if (file.ftyp === undefined || file.moov === undefined) throw new Error('it has no ftyp and moov box')
  const end = Math.max(...file.boxes.map((box) => (box.start ?? 0) + box.size))
  if (end !== sizeBytes || file.mdats.length === 0) {
    throw new Error(`its boxes take ${end} bytes and the file has ${sizeBytes}`)
  }
  return file
}

const describe = (file: ISOFile): Mp4Video => {
  const { videoTracks, tracks } = file.getInfo()
  const [track] = videoTracks
  if (track?.video === undefined || tracks.length !== 1) {
    throw new Error(`it has ${tracks.length} tracks, ${videoTracks.length} of them video; one is expected`)
  }
  const box = file.getTrackById(track.id)
  const { stsz, stts } = box.mdia.minf.stbl
  const deltas = new Set(stts.sample_deltas)
  const [delta] = deltas
  return {
    container: file.ftyp.major_brand,
    codec: track.codec,
    width: track.video.width,
    height: track.video.height,
    frameCount: stsz.sample_count,
    fps: deltas.size === 1 && delta !== undefined ? track.timescale / delta : undefined,
    durationSeconds: track.duration / track.timescale,
    faststart: file.isProgressive,
    colour: colourOf(box),
  }
}

const colourOf = (track: AllRegisteredBoxes['trak']): Mp4Colour | undefined => {
  const boxes = track.mdia.minf.stbl.stsd.entries[0]?.boxes ?? []
  const colour = boxes.find((box) => box instanceof BoxParser.box.colr)
  if (colour?.colour_type !== 'nclx') return undefined
  return {
    primaries: colour.colour_primaries,
    transfer: colour.transfer_characteristics,
    matrix: colour.matrix_coefficients,
    fullRange: colour.full_range_flag === 1,
  }
}
