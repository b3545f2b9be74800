import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { notEmpty } from '../../../fixtures/not-empty.ts'
import { readCheckpointSpec, writeRandomCheckpoint } from '../../../fixtures/random-checkpoint.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { DEMO_CHECKPOINT, runCommandLine, XT_CONFIGS } from '../a-command-line.ts'

const SMALL = ['--width', '64', '--height', '64', '--num-frames', '3']

const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()

/** The file, start and end of each external weight of a model. */
const externalWeights = async (model: string) => {
  const { graph } = fromBinary(ModelProtoSchema, await readFile(model))
  return (graph?.initializer ?? []).flatMap(({ name, externalData }) => {
    const fields = Object.fromEntries(externalData.map(({ key, value }) => [key, value]))
    const { location, offset, length } = fields
    return location === undefined ? [] : [{ name, location, end: Number(offset) + Number(length) }]
  })
}

test('svd compile writes every graph of a clip, their external weights, and a guide', async () => {
  const folder = await temporaryDir()
  const output = path.join(folder, 'onnx')
  const { exitCode, stdout } = await runCommandLine([
    ...['compile', '--checkpoint', DEMO_CHECKPOINT, '--output', output, ...SMALL, '--decode-chunk-size', '2'],
  ])
  expect(exitCode).toBe(0)
  expect(await filesIn(output)).toEqual([
    'README.md',
    'conditioning.onnx',
    'denoise_step.onnx',
    'graphs.json',
    'image_encoder.onnx',
    'image_encoder/model.fp16.safetensors',
    'time_shifts.onnx',
    'unet.onnx',
    'unet/diffusion_pytorch_model.fp16.safetensors',
    'vae/diffusion_pytorch_model.fp16.safetensors',
    'vae_decoder.onnx',
    'vae_decoder_last.onnx',
    'vae_encoder.onnx',
  ])
  expect(await readdir(folder)).toEqual(['onnx'])
  expect(stdout).toContain(`${path.join(output, 'denoise_step.onnx')}  `)
  for (const file of (await filesIn(output)).filter((name) => name.endsWith('.onnx'))) {
    const weights = await externalWeights(path.join(output, file))
    expect(weights.length).toBeGreaterThan(0)
    for (const { location, end } of weights) {
      expect(end).toBeLessThanOrEqual((await stat(path.join(output, location))).size)
    }
  }
})

test('the guide of svd compile lists name, type, shape and meaning of every input and output', async () => {
  const output = path.join(await temporaryDir(), 'onnx')
  await runCommandLine(['compile', '--checkpoint', DEMO_CHECKPOINT, '--output', output, ...SMALL])
  const guide = JSON.parse(await readFile(path.join(output, 'graphs.json'), 'utf8'))
  expect(Object.keys(guide)).toEqual([
    ...['width', 'height', 'num_frames', 'guidance', 'decode_chunk_size', 'target', 'graphs', 'versions'],
  ])
  expect(guide.graphs.length).toBeGreaterThan(0)
  for (const { file, inputs, outputs } of guide.graphs) {
    const { graph } = fromBinary(ModelProtoSchema, await readFile(path.join(output, file)))
    const named = (values: readonly { readonly name: string }[] = []) => values.map(({ name }) => name)
    expect(named(inputs)).toEqual(named(graph?.input))
    expect(named(outputs)).toEqual(named(graph?.output))
    for (const value of [...inputs, ...outputs]) {
      expect(value).toEqual({
        name: expect.any(String),
        dtype: 'float32',
        shape: expect.any(Array),
        meaning: expect.stringMatching(/\w/),
      })
    }
  }
  const conditioning = guide.graphs.find(({ file }: { file: string }) => file === 'conditioning.onnx')
  const step = guide.graphs.find(({ file }: { file: string }) => file === 'denoise_step.onnx')
  const passedOn = step.inputs.filter(({ meaning }: { meaning: string }) =>
    meaning.startsWith('the output of'),
  )
  expect(passedOn.map(({ name }: { name: string }) => name).sort()).toEqual(
    conditioning.outputs.map(({ name }: { name: string }) => name).sort(),
  )
  const readme = await readFile(path.join(output, 'README.md'), 'utf8')
  expect(readme).toContain('| `latents` | float32 [3, 4, 16, 16] |')
  expect(readme).toContain('| `image_embeds` | float32 [2, 1, 32] | row 0 zeros (unconditional), row 1 ')
})

test('svd compile --no-guidance writes graphs of one pass', async () => {
  const output = path.join(await temporaryDir(), 'onnx')
  await runCommandLine([
    'compile',
    '--checkpoint',
    DEMO_CHECKPOINT,
    '--output',
    output,
    ...SMALL,
    '--no-guidance',
  ])
  const readme = await readFile(path.join(output, 'README.md'), 'utf8')
  expect(readme).toContain(
    '| `image_embeds` | float32 [1, 1, 32] | one row: the output of image_encoder.onnx |',
  )
  expect(readme).not.toContain('guidance_scale')
})

describe('svd compile --target cuda', () => {
  const opsOf = async (folder: string, file: string): Promise<ReadonlySet<string>> => {
    const { graph } = fromBinary(ModelProtoSchema, await readFile(path.join(folder, file)))
    return new Set((graph?.node ?? []).map(({ opType }) => opType))
  }
  const targetOf = async (folder: string): Promise<string> =>
    JSON.parse(await readFile(path.join(folder, 'graphs.json'), 'utf8')).target

  const compile = async (...args: readonly string[]): Promise<string> => {
    const output = path.join(await temporaryDir(), 'onnx')
    const all = ['compile', '--checkpoint', DEMO_CHECKPOINT, '--output', output, ...SMALL, ...args]
    expect(await runCommandLine(all)).toMatchObject({ exitCode: 0 })
    return output
  }

  test('writes float16 graphs with operators of the CUDA provider, and a README on how to run them', async () => {
    const output = await compile('--target', 'cuda')
    expect(await targetOf(output)).toBe('cuda-float16')
    const files = (await readdir(output)).filter((name) => /^(denoise|unet|vae).*onnx$/.test(name))
    for (const file of notEmpty(files)) {
      expect(await opsOf(output, file), file).toContain('NhwcConv')
    }
    const readme = await readFile(path.join(output, 'README.md'), 'utf8')
    expect(readme).toContain('only the CUDA provider of ONNX Runtime has kernels for')
    expect(readme).toContain('InferenceSession("vae_encoder.onnx", providers=["CUDAExecutionProvider"])')
  })

  test('writes float32 graphs with --precision fp32', async () => {
    expect(await targetOf(await compile('--target', 'cuda', '--precision', 'fp32'))).toBe('cuda-float32')
  })
})

test('svd compile --link-weights hard-links the weights', async () => {
  const folder = await temporaryDir()
  const checkpoint = await writeRandomCheckpoint(
    path.join(folder, 'checkpoint'),
    await readCheckpointSpec('tiny'),
  )
  const output = path.join(folder, 'onnx')
  const args = [
    'compile',
    '--checkpoint',
    checkpoint,
    '--output',
    output,
    '--num-frames',
    '2',
    '--width',
    '64',
  ]
  expect(await runCommandLine([...args, '--height', '64', '--link-weights'])).toMatchObject({ exitCode: 0 })
  const weights = 'unet/diffusion_pytorch_model.safetensors'
  const [linked, original] = [
    await stat(path.join(output, weights)),
    await stat(path.join(checkpoint, weights)),
  ]
  expect(linked.ino).toBe(original.ino)
})

test('svd compile adds .safetensors to the names of weights that a Hub cache names by hash', async () => {
  const folder = await temporaryDir()
  const spec = await readCheckpointSpec('tiny')
  const checkpoint = await writeRandomCheckpoint(path.join(folder, 'hub'), spec, { hubCacheSymlinks: true })
  const output = path.join(folder, 'onnx')
  const args = [
    'compile',
    '--checkpoint',
    checkpoint,
    '--output',
    output,
    '--num-frames',
    '2',
    '--width',
    '64',
  ]
  expect(await runCommandLine([...args, '--height', '64'])).toMatchObject({ exitCode: 0 })
  const weights = (await filesIn(output)).filter((file) => file.includes('/'))
  expect(weights).toHaveLength(3)
  for (const file of weights) expect(file).toMatch(/^(unet|vae|image_encoder)\/[0-9a-f]{64}\.safetensors$/)
})

test('svd compile leaves no files when it is interrupted', async () => {
  const folder = await temporaryDir()
  const signal = AbortSignal.abort(new InterruptedError('SIGINT'))
  const args = ['compile', '--checkpoint', DEMO_CHECKPOINT, '--output', path.join(folder, 'onnx'), ...SMALL]
  expect(await runCommandLine(args, { signal })).toMatchObject({ exitCode: 130, stdout: '' })
  expect(await readdir(folder)).toEqual([])
})

describe('svd compile', () => {
  test.each([
    [
      'an output folder that is not empty',
      ['--output', 'DIR/full'],
      'error: --output: DIR/full is not empty; choose another folder, or empty it',
    ],
    [
      'a file as the output folder',
      ['--output', 'DIR/full/file'],
      'error: --output: the folder DIR/full/file cannot be used (a file has that name); choose another',
    ],
    [
      'a checkpoint without weights',
      ['--output', 'DIR/new', '--checkpoint', XT_CONFIGS],
      'error: unet: has no weights (no diffusion_pytorch_model.safetensors, nor a variant or shards of it); download the whole folder',
    ],
    [
      'an unknown target',
      ['--output', 'DIR/new', '--target', 'tpu'],
      "error: option '--target <name>' argument 'tpu' is invalid. Allowed choices are cpu, cuda.",
    ],
    [
      'fp16 for the CPU',
      ['--output', 'DIR/new', '--precision', 'fp16'],
      'error: --precision: got fp16; the graphs of --target cpu are in fp32, so leave it out or take --target cuda',
    ],
    [
      'a width that is not a multiple of 8',
      ['--output', 'DIR/new', '--width', '100'],
      'error: --width: got 100; must be a multiple of 8 from 8 to 8192, in pixels (the VAE works on blocks of 8)',
    ],
  ])('refuses %s', async (_, args, message) => {
    const folder = await temporaryDir()
    await mkdir(path.join(folder, 'full'))
    await writeFile(path.join(folder, 'full/file'), '')
    const inFolder = args.map((arg) => arg.replace('DIR', folder))
    const { exitCode, stdout, stderr } = await runCommandLine([
      'compile',
      '--checkpoint',
      DEMO_CHECKPOINT,
      ...inFolder,
    ])
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    expect(stderr.replaceAll(folder, 'DIR').trimEnd()).toBe(message)
    expect(await readdir(folder)).toEqual(['full'])
  })
})
