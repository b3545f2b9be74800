import type { ClipNetworks } from '../../../worker/pipeline/clip-networks.ts'

const absent = async (): Promise<never> => {
  throw new Error('this network is not part of the test')
}

/** Networks that all refuse, to put fakes in the place of some. */
export const NO_NETWORKS: ClipNetworks = {
  encodeImage: absent,
  encodeVae: absent,
  condition: absent,
  shiftTime: absent,
  denoiseStep: absent,
  predict: absent,
  guidedEulerStep: absent,
  decode: absent,
  decodeRgb: absent,
  exactDecoder: null,
}
