import { expect, test } from 'vitest'
import { CUDA_LIBRARIES } from '../../../worker/cuda/cuda-libraries.ts'
import type { CudaState } from '../../../worker/cuda/cuda-state.ts'
import { explainLoadFault } from '../../../worker/cuda/explain-load-fault.ts'

// onnxruntime-node 1.30.0 throws this text if the provider exists and libcublasLt.so.13 is missing.
const THROWN = new Error('OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library')
const SETTING = { field: '--device', value: 'cuda' }

const aState = (missing: readonly string[], more: Partial<CudaState> = {}): CudaState => ({
  provider: { status: 'installed' },
  libraries: CUDA_LIBRARIES.map((library) => ({
    ...library,
    file: null,
    fault: missing.includes(library.name) ? 'the dynamic loader does not find it' : null,
  })),
  faults: [],
  ...more,
})

const messageOf = (state: CudaState) => explainLoadFault(THROWN, state, SETTING)?.message

const START = "--device: got 'cuda'; it needs ONNX Runtime's CUDA provider and NVIDIA's libraries"

test('explainLoadFault names a missing library with the commands that install it', () => {
  expect(messageOf(aState(['libcudnn.so.9', 'libcurand.so.10']))?.split('\n')).toEqual([
    `${START}:`,
    '  libcurand.so.10: the dynamic loader does not find it',
    '  libcudnn.so.9: the dynamic loader does not find it',
    "  fix: install the libraries from NVIDIA's apt repository: apt-get install libcurand-13-0 libcudnn9-cuda-13",
    "  fix: or from PyPI: pip install --target \"$DIR\" 'nvidia-curand~=10.0' 'nvidia-cudnn-cu13~=9.0', and set " +
      'LD_LIBRARY_PATH=$DIR/nvidia/cu13/lib:$DIR/nvidia/cudnn/lib for svd',
  ])
})

test('explainLoadFault asks for a driver on the machine, not for a package, if the driver is missing', () => {
  expect(messageOf(aState(['libcuda.so.1']))?.split('\n')).toEqual([
    `${START}:`,
    '  libcuda.so.1: the dynamic loader does not find it',
    expect.stringMatching(/^ {2}fix: install NVIDIA's driver 580 or newer on the machine; a container gets /),
  ])
})

test('explainLoadFault names a package once if it has two of the missing libraries', () => {
  const message = messageOf(aState(['libcublas.so.13', 'libcublasLt.so.13']))
  expect(message).toContain('apt-get install libcublas-13-0\n')
})

test.each([
  ['missing', 'run: svd cuda install'],
  ['mismatch', 'run: svd cuda install'],
  ['unfit', 'run npm ci, which installs the version of package-lock.json'],
] as const)('explainLoadFault gives a fix of its own for a provider that is %s', (status, fix) => {
  const provider = { status, fault: 'what is wrong with it' }
  expect(messageOf(aState([], { provider }))).toBe(`${START}:\n  what is wrong with it\n  fix: ${fix}`)
})

test('explainLoadFault repeats the fault of another library', () => {
  const fault =
    "/lib/libc.so.6: version `GLIBC_2.38' not found (required by ./libonnxruntime_providers_cuda.so)"
  expect(messageOf(aState([], { faults: [fault] }))).toBe(
    `${START}:\n  ${fault}\n  fix: install the libraries that are named, or use a newer Linux with a newer C library`,
  )
})

test('explainLoadFault repeats the message of ONNX Runtime and names the setting if nothing is missing', () => {
  expect(messageOf(aState([]))).toBe(
    `${START}, which are all found, but ONNX Runtime fails: ${THROWN.message}`,
  )
})

test('explainLoadFault keeps the original error as the cause', () => {
  expect(explainLoadFault(THROWN, aState([]), SETTING)?.cause).toBe(THROWN)
})

test.each([
  new Error('Load model from unet.onnx failed: Protobuf parsing failed'),
  new Error('CUDA failure 2: out of memory'),
  'Failed to load shared library',
])('explainLoadFault returns null for %s', (error) => {
  expect(explainLoadFault(error, aState(['libcudnn.so.9']), SETTING)).toBeNull()
})
