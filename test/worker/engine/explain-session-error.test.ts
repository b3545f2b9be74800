import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { PROVIDER_RELEASE } from '../../../worker/cuda/provider-release.ts'
import { DeviceFaultError } from '../../../worker/engine/device-fault.ts'
import { explainSessionError } from '../../../worker/engine/explain-session-error.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

test('the error of a GPU fault names the network, the failure and the fix', async () => {
  const thrown = new Error('CUDA failure 2: out of memory ; GPU=0 ; hostname=vm ; expr=cudaMalloc()')
  const error = await explainSessionError('vae_decoder', thrown)
  expect(error).toBeInstanceOf(DeviceFaultError)
  expect(error).toMatchObject({
    fault: 'out-of-memory',
    cause: thrown,
    message:
      'vae_decoder: the card has not enough free memory (CUDA failure 2: out of memory); render smaller ' +
      '(--decode-chunk-size, --width, --height), give --memory low-vram, or stop other programs that use the card',
  })
})

test.each([
  ['sticky', 'CUDA failure 700: an illegal memory access was encountered', 'a new process may be able to'],
  ['card-lost', 'CUDA failure 214: uncorrectable ECC error encountered', 'restart or replace the machine'],
  ['cannot-run', 'CUDA failure 35: CUDA driver version is insufficient', 'svd doctor --device cuda says'],
  [
    'attention-refused',
    'Failed to build cuDNN graph for Flash Attention',
    'ORT_ENABLE_CUDNN_FLASH_ATTENTION=0',
  ],
])('the error of fault %s names its own fix', async (fault, text, fix) => {
  const error = await explainSessionError('denoise_step', new Error(`${text} ; GPU=0`))
  expect(error).toMatchObject({ fault, message: expect.stringContaining(fix) })
  expect((error as Error).message).toContain(`(${text})`)
})

test('the error of a node without a CUDA kernel explains it, and is not a GPU fault', async () => {
  const thrown = new Error(
    'This session contains graph nodes that are assigned to the default CPU EP, but fallback to CPU EP has been ' +
      'explicitly disabled by the user.',
  )
  const error = await explainSessionError('vae_encoder', thrown)
  expect(error).not.toBeInstanceOf(DeviceFaultError)
  expect(error).toMatchObject({
    cause: thrown,
    message: expect.stringMatching(
      /^vae_encoder: ONNX Runtime has no CUDA kernel for some of its nodes and would run them on the CPU/,
    ),
  })
})

test('the error of a provider that cannot be loaded names what the machine lacks', async () => {
  const packageDir = await temporaryDir()
  await writeFile(path.join(packageDir, 'package.json'), '{"version":"1.0.0"}')
  const thrown = new Error('OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library')
  const error = await explainSessionError('image_encoder', thrown, () => ({
    packageDir,
    release: PROVIDER_RELEASE,
    program: process.execPath,
    environment: { PATH: process.env['PATH'] },
  }))
  expect(error).toMatchObject({
    fault: 'cannot-run',
    message: expect.stringMatching(
      /^--device: got 'cuda'; it needs ONNX Runtime's CUDA provider.*\n[\s\S]*fix: /,
    ),
  })
})

test('a machine that cannot be examined does not hide the original error', async () => {
  const thrown = new Error('OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library')
  const error = await explainSessionError('image_encoder', thrown, () => {
    throw new Error('onnxruntime-node is not installed')
  })
  expect(error).toMatchObject({
    fault: 'cannot-run',
    message: expect.stringContaining(thrown.message),
    cause: thrown,
  })
})

test.each([new Error('input latents is missing'), 'a text', undefined])(
  'explainSessionError returns any other error unchanged: %s',
  async (thrown) => {
    expect(await explainSessionError('denoise_step', thrown)).toBe(thrown)
  },
)
