import type { Card } from './cards.ts'

/** Any other value than 0 leaves cuDNN's attention on. */
const SWITCH = 'ORT_ENABLE_CUDNN_FLASH_ATTENTION'

/**
 * Which kernel a float16 network's attention takes on this card, as far as users can change it; `null`: they cannot. On
 * compute capability 9.0, ONNX Runtime 1.30.0 prefers a graph of cuDNN to its own flash attention.
 */
export const attentionOf = (
  { computeCapability: { major, minor } }: Card,
  environment: Readonly<Record<string, string | undefined>>,
): string | null => {
  if (major !== 9 || minor !== 0) return null
  return environment[SWITCH] === '0'
    ? `flash attention, because ${SWITCH} is 0`
    : `attention by cuDNN (${SWITCH}=0 takes flash attention instead)`
}
