/** A library of NVIDIA's that the CUDA provider needs, under the name by which it is opened. */
export interface CudaLibrary {
  readonly name: string
  /** `provider`: the provider cannot be loaded without it. `later`: it is opened when a session needs it. */
  readonly opened: 'provider' | 'later'
  /** The package that has it, in NVIDIA's repository for apt; `null` for the driver, which machines differ in. */
  readonly apt: string | null
  /** Its requirement for pip, as onnxruntime-gpu's own metadata has it; `null` if PyPI does not have it. */
  readonly pip: string | null
}

export const DRIVER_LIBRARY = 'libcuda.so.1'

/** CUDA 13 needs a driver of this series or a newer one. */
export const LEAST_DRIVER_MAJOR = 580

/** Everything that the provider of release 1.30.0 opens, by its NEEDED entries and by its calls of dlopen. */
export const CUDA_LIBRARIES: readonly CudaLibrary[] = [
  { name: DRIVER_LIBRARY, opened: 'provider', apt: null, pip: null },
  {
    name: 'libcudart.so.13',
    opened: 'provider',
    apt: 'cuda-cudart-13-0',
    pip: 'nvidia-cuda-runtime~=13.0',
  },
  { name: 'libcublas.so.13', opened: 'provider', apt: 'libcublas-13-0', pip: 'nvidia-cublas~=13.0' },
  { name: 'libcublasLt.so.13', opened: 'provider', apt: 'libcublas-13-0', pip: 'nvidia-cublas~=13.0' },
  { name: 'libcurand.so.10', opened: 'provider', apt: 'libcurand-13-0', pip: 'nvidia-curand~=10.0' },
  { name: 'libcudnn.so.9', opened: 'later', apt: 'libcudnn9-cuda-13', pip: 'nvidia-cudnn-cu13~=9.0' },
  { name: 'libcufft.so.12', opened: 'later', apt: 'libcufft-13-0', pip: 'nvidia-cufft~=12.0' },
  { name: 'libnvrtc.so.13', opened: 'later', apt: 'cuda-nvrtc-13-0', pip: 'nvidia-cuda-nvrtc~=13.0' },
]

/** The folders in which pip's packages have their libraries, below the one that `pip install --target` was given. */
export const PIP_LIBRARY_FOLDERS: readonly string[] = ['nvidia/cu13/lib', 'nvidia/cudnn/lib']
