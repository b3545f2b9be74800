import { expect, test } from 'vitest'
import { type CudaFault, classifyCudaFault } from '../../../worker/engine/cuda-faults.ts'

/** The error text as CudaCall of 1.30.0 throws it, wrapped twice. */
const thrown = (what: string, place = 'cuda_allocator.cc ; line=47 ; expr=cudaMalloc((void**)&p, size)') =>
  'Exception during initialization: /onnxruntime_src/onnxruntime/core/providers/cuda/cuda_call.cc:154 CudaCall() ' +
  `${what} ; GPU=0 ; hostname=vm ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/${place}; \n\n`
const ofNode = (what: string) =>
  `Non-zero status code returned while running Add node. Name:'Add' Status Message: ${what}`
const ATTENTION = '../../contrib_ops/cuda/bert/cudnn_fmha/cudnn_flash_attention.cc ; line=474'

test.each<[CudaFault | null, string, string | null]>([
  ['out-of-memory', thrown('CUDA failure 2: out of memory'), 'CUDA failure 2: out of memory'],
  [
    'out-of-memory',
    ofNode(
      '/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal' +
        '(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 4194304\n',
    ),
    'Failed to allocate memory for requested buffer of size 4194304',
  ],
  [
    'out-of-memory',
    ofNode('Available memory of 1024 is smaller than requested bytes of 2048'),
    'Available memory of 1024 is smaller than requested bytes of 2048',
  ],
  [
    'out-of-memory',
    thrown('CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED'),
    'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED',
  ],
  [
    'out-of-memory',
    thrown('CUBLAS failure 1: CUBLAS_STATUS_NOT_INITIALIZED'),
    'CUBLAS failure 1: CUBLAS_STATUS_NOT_INITIALIZED',
  ],
  [
    'out-of-memory',
    thrown('CUDNN failure 4004: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED'),
    'CUDNN failure 4004: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED',
  ],
  [
    'out-of-memory',
    thrown('CUDNN failure 1001: CUDNN_STATUS_NOT_INITIALIZED'),
    'CUDNN failure 1001: CUDNN_STATUS_NOT_INITIALIZED',
  ],
  [
    'sticky',
    thrown('CUDA failure 700: an illegal memory access was encountered'),
    'CUDA failure 700: an illegal memory access was encountered',
  ],
  [
    'sticky',
    ofNode('CUDA error cudaErrorMisalignedAddress:misaligned address'),
    'CUDA error cudaErrorMisalignedAddress:misaligned address',
  ],
  [
    'sticky',
    ofNode('CUDA error cudaErrorAssert:device-side assert triggered'),
    'CUDA error cudaErrorAssert:device-side assert triggered',
  ],
  [
    'sticky',
    ofNode('CUDA error cudaErrorLaunchFailure:unspecified launch failure'),
    'CUDA error cudaErrorLaunchFailure:unspecified launch failure',
  ],
  [
    'sticky',
    thrown('CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED'),
    'CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED',
  ],
  [
    'sticky',
    thrown(
      'CUDNN_FE failure 11: CUDNN_BACKEND_API_FAILED',
      'nn/conv.cc ; line=494 ; expr=graph->execute(handle)',
    ),
    'CUDNN_FE failure 11: CUDNN_BACKEND_API_FAILED',
  ],
  [
    'card-lost',
    thrown('CUDA failure 214: uncorrectable ECC error encountered'),
    'CUDA failure 214: uncorrectable ECC error encountered',
  ],
  [
    'card-lost',
    thrown('CUDA failure 46: CUDA-capable device(s) is/are busy or unavailable'),
    'CUDA failure 46: CUDA-capable device(s) is/are busy or unavailable',
  ],
  [
    'card-lost',
    thrown('CUDA failure 100: no CUDA-capable device is detected'),
    'CUDA failure 100: no CUDA-capable device is detected',
  ],
  [
    'card-lost',
    thrown('CUDA failure 101: invalid device ordinal'),
    'CUDA failure 101: invalid device ordinal',
  ],
  [
    'card-lost',
    thrown('CUDA failure 802: system not yet initialized'),
    'CUDA failure 802: system not yet initialized',
  ],
  [
    'card-lost',
    'NVRM: Xid (PCI:0000:00:1e): 79, pid=1234, name=node, GPU has fallen off the bus.',
    'NVRM: Xid (PCI:0000:00:1e): 79, pid=1234, name=node, GPU has fallen off the bus.',
  ],
  [
    'cannot-run',
    thrown('CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version'),
    'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
  ],
  [
    'cannot-run',
    ofNode(
      'CUDA error cudaErrorNoKernelImageForDevice:no kernel image is available for execution on the device',
    ),
    'CUDA error cudaErrorNoKernelImageForDevice:no kernel image is available for execution on the device',
  ],
  [
    'attention-refused',
    ofNode('cudnn_flash_attention.cc:331 Failed to build cuDNN graph for Flash Attention:{"context":{}}'),
    'Failed to build cuDNN graph for Flash Attention',
  ],
  [
    'attention-refused',
    thrown(
      'CUDNN_FE failure 11: CUDNN_BACKEND_API_FAILED',
      `${ATTENTION} ; expr=mha_graph->execute(handle, variant_pack, buffer.get())`,
    ),
    'CUDNN_FE failure 11: CUDNN_BACKEND_API_FAILED',
  ],
  // An error of the graph, not of the GPU.
  [null, thrown('CUDA failure 9: invalid configuration argument'), null],
  [
    null,
    ofNode('OP not supported by CUDNN Frontend: CUDNN_FE failure 6: GRAPH_EXECUTION_PLAN_CREATION_FAILED'),
    null,
  ],
  [null, 'denoise_step: input latents is missing', null],
])('classifyCudaFault returns %s for error text %#', (fault, text, what) => {
  expect(classifyCudaFault(text)).toEqual(fault === null ? null : { fault, what })
})

test('classifyCudaFault returns the fault of a lost context rather than the later failure of a library', () => {
  const text =
    'CUDA failure 700: an illegal memory access was encountered ; then CUBLAS failure 1: CUBLAS_STATUS_NOT_INITIALIZED'
  expect(classifyCudaFault(text)?.fault).toBe('sticky')
})
