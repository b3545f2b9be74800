/**
 * Reasons why these parts are float32 on every target, whatever the type of its activations. Most are recorded by the
 * files of this folder with ops of their own. Layers and networks call their target alone.
 */
export const STAYS_FLOAT32 = {
  'sinusoidal embeddings':
    'float16 holds neither timesteps nor frequencies of a ten-thousandth exactly enough',
  latents: 'a step moves them by less than a float16 of their size can show',
  guidance: 'the difference of the two passes loses its digits in float16',
  'the Euler step': 'sigma runs from 700 to 0.002, and its square beyond the largest float16',
  "GroupNorm's gamma and beta on CUDA": "the kernel of ONNX Runtime's CUDA provider takes no other type",
  'the VAE encoder under force_upcast':
    'its activations exceed the largest float16; the reference upcasts it too',
} as const
