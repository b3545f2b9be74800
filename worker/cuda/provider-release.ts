/** A file that is pinned to its bytes. */
export interface PinnedFile {
  readonly name: string
  readonly sizeBytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

/** A pinned file in a wheel. `path` is its name in the zip, and `name` the one that it gets on disk. */
export interface WheelFile extends PinnedFile {
  readonly path: string
}

/** A release of ONNX Runtime's CUDA provider: the wheel that carries it, and what is taken out of that wheel. */
export interface ProviderRelease {
  /** The only version of onnxruntime-node that the provider fits. */
  readonly version: string
  /** The name of the wheel's project in a Python package index. */
  readonly project: string
  readonly wheel: PinnedFile
  /** In the order of their installation. The provider is last because its presence is what ONNX Runtime acts on. */
  readonly libraries: readonly WheelFile[]
  readonly licences: readonly WheelFile[]
}

/**
 * The release that this project is tested with: the CUDA 13 build of the version that package.json has of
 * onnxruntime-node. The wheel is the one for Python 3.12, which does not matter because no Python ever runs it.
 */
export const PROVIDER_RELEASE: ProviderRelease = {
  version: '1.30.0',
  project: 'onnxruntime-gpu',
  wheel: {
    name: 'onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
    sizeBytes: 246_685_715,
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
  },
  libraries: [
    {
      name: 'libonnxruntime_providers_shared.so',
      path: 'onnxruntime/capi/libonnxruntime_providers_shared.so',
      sizeBytes: 14_632,
      sha256: '086ec1d5388f64153d9c63470d126693db9a182c8ce236d3a1119068471b8a0d',
    },
    {
      name: 'libonnxruntime_providers_cuda.so',
      path: 'onnxruntime/capi/libonnxruntime_providers_cuda.so',
      sizeBytes: 272_049_904,
      sha256: '35da2e7ed0dd0d1aec5cdb16ce11a51d06c0c48cf62d1b1c9332946a4fae14fc',
    },
  ],
  licences: [
    {
      name: 'onnxruntime-gpu.LICENSE',
      path: 'onnxruntime/LICENSE',
      sizeBytes: 1_073,
      sha256: '2f07c72751aed99790b8a4869cf2311df85a860b22ded05fa22803587a48922c',
    },
    {
      name: 'onnxruntime-gpu.ThirdPartyNotices.txt',
      path: 'onnxruntime/ThirdPartyNotices.txt',
      sizeBytes: 338_088,
      sha256: '143764b952fdb1a7c69ce653bfba74a7744d6a8a573bfb73e235fba356c83de3',
    },
  ],
}
