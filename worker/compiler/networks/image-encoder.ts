import type { ClipVisionConfig } from '../../checkpoint/clip-vision-config.ts'
import { bindLinear, bindNorm, bindProjection } from '../layers/parameters.ts'
import { into, type Scope } from '../layers/scope.ts'
import type { Tokens } from '../targets/target.ts'

const encoderLayer = (scope: Scope, config: ClipVisionConfig) => {
  const { g, target, w } = scope
  const { hiddenSize, intermediateSize, numAttentionHeads: heads, layerNormEps: epsilon } = config
  const norm1 = bindNorm(w.at('layer_norm1'), hiddenSize)
  const toQ = bindLinear(w.at('self_attn', 'q_proj'), hiddenSize, hiddenSize)
  const toK = bindLinear(w.at('self_attn', 'k_proj'), hiddenSize, hiddenSize)
  const toV = bindLinear(w.at('self_attn', 'v_proj'), hiddenSize, hiddenSize)
  const toOut = bindLinear(w.at('self_attn', 'out_proj'), hiddenSize, hiddenSize)
  const norm2 = bindNorm(w.at('layer_norm2'), hiddenSize)
  const fc1 = bindLinear(w.at('mlp', 'fc1'), hiddenSize, intermediateSize)
  const fc2 = bindLinear(w.at('mlp', 'fc2'), intermediateSize, hiddenSize)

  return (x: Tokens): Tokens =>
    g.within(w.path, () => {
      const normalized = target.layerNorm(g, x, { ...norm1, epsilon })
      const mixed = target.selfAttention(g, normalized, { toQ, toK, toV, heads })
      const attended = target.linear(g, mixed, { ...toOut, residual: x })
      const hidden = target.linear(g, target.layerNorm(g, attended, { ...norm2, epsilon }), fc1)
      const activated = target.activate(g, hidden, config.hiddenAct)
      return target.linear(g, activated, { ...fc2, residual: attended })
    })
}

/** CLIPVisionModelWithProjection: `pixel_values` [1, 3, S, S] → `image_embeds` [1, projection_dim]. */
export const recordImageEncoder = (scope: Scope, config: ClipVisionConfig): void => {
  const { g, target, w } = scope
  const { hiddenSize, imageSize, patchSize, numChannels, layerNormEps: epsilon } = config
  const perSide = Math.floor(imageSize / patchSize)
  const patches = perSide ** 2
  const embeddings = w.at('vision_model', 'embeddings')
  const patchWeight = embeddings.tensor('patch_embedding.weight', [
    hiddenSize,
    numChannels,
    patchSize,
    patchSize,
  ])
  const classEmbedding = embeddings.tensor('class_embedding', [hiddenSize])
  const positions = embeddings.tensor('position_embedding.weight', [patches + 1, hiddenSize])
  const preNorm = bindNorm(w.at('vision_model', 'pre_layrnorm'), hiddenSize)
  const layers = Array.from({ length: config.numHiddenLayers }, (_, i) =>
    encoderLayer(into(scope, 'vision_model', 'encoder', 'layers', i), config),
  )
  const postNorm = bindNorm(w.at('vision_model', 'post_layernorm'), hiddenSize)
  const projection = bindProjection(w.at('visual_projection'), hiddenSize, config.projectionDim)

  const pixels = target.imagesFromNchw(g, g.input('pixel_values', [1, numChannels, imageSize, imageSize]), 1)
  const patchMap = target.conv2d(g, pixels, {
    weight: patchWeight,
    bias: null,
    stride: patchSize,
    padding: [0, 0, 0, 0],
  })
  const tokens = target.prependToken(g, target.toTokens(g, patchMap), classEmbedding)
  let x = target.layerNorm(g, target.addParameter(g, tokens, positions), { ...preNorm, epsilon })
  for (const layer of layers) x = layer(x)
  const pooled = target.layerNorm(g, target.firstToken(g, x), { ...postNorm, epsilon })
  g.output('image_embeds', target.tokensToMatrix(g, target.linear(g, pooled, projection)))
}
