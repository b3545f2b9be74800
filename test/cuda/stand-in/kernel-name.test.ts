import { expect, test } from 'vitest'
import { shortKernelName } from './kernel-name.ts'

test.each([
  [
    'void onnxruntime::cuda::_UnaryElementWise<float, float, onnxruntime::cuda::OP_Sigmoid<float>, 256, 4>' +
      '(float const*, float*, onnxruntime::cuda::OP_Sigmoid<float>, long)',
    '_UnaryElementWise<float, OP_Sigmoid>',
  ],
  [
    'void onnxruntime::flash::flash_fwd_kernel<onnxruntime::flash::Flash_fwd_kernel_traits<64, 128, ' +
      'cutlass::half_t, onnxruntime::flash::Flash_kernel_traits<64, cutlass::half_t> >, false, true>' +
      '(onnxruntime::flash::Flash_fwd_params)',
    'flash_fwd_kernel<Flash_fwd_kernel_traits>',
  ],
  ['onnxruntime::cuda::(anonymous namespace)::fill(int*)', 'fill'],
  ['void scale<__half, 40u, (ns::Mode)1>(__half*)', 'scale<__half>'],
  [
    'fmha_v2_flash_attention_fp16_64_64_S_64_sm75_kernel_nl',
    'fmha_v2_flash_attention_fp16_64_64_S_64_sm75_kernel_nl',
  ],
])('shortKernelName of %s is %s', (name, short) => {
  expect(shortKernelName(name)).toBe(short)
})
