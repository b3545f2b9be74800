/*
 * Brands of the box `ftyp`, with which a file in a HEIF container begins: those of AV1 (AVIF 1.2, section 6) and those of
 * HEVC (ISO/IEC 23008-12, Annex B). `mif1` and `msf1` say nothing of the codec.
 */
export const AVIF_BRANDS: readonly string[] = ['avif', 'avis']
export const HEIC_BRANDS: readonly string[] = [
  ...['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs', 'mif1', 'msf1'],
]
