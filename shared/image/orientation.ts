import { exifOrientation } from './exif-orientation.ts'

/** Metadata of a file that may say how its image is turned. */
export interface OrientationMetadata {
  readonly exif: Uint8Array | null
  /** The packet's bytes as latin1. */
  readonly xmp: string | null
}

const XMP_ORIENTATION = /tiff:Orientation(?:="|>)([0-9])/

/** EXIF's orientation, else the one in XMP, as Pillow's `getexif` finds it. 1 if there is none. */
export const orientationOf = ({ exif, xmp }: OrientationMetadata): number => {
  const tag = exif === null ? null : exifOrientation(exif)
  if (tag !== null) return tag
  const match = xmp === null ? null : XMP_ORIENTATION.exec(xmp)
  return match === null ? 1 : Number(match[1])
}
