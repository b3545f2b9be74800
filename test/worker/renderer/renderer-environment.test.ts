import { describe, expect, test } from 'vitest'
import { rendererEnvironment } from '../../../worker/renderer/renderer-environment.ts'

describe("the environment of a renderer's process", () => {
  test('keeps ONNX Runtime from reporting what it runs', () => {
    expect(rendererEnvironment({}, {})).toMatchObject({ ORT_DISABLE_TELEMETRY: '1' })
  })

  test('keeps what is set already', () => {
    const environment = { GLIBC_TUNABLES: 'glibc.malloc.check=1', ORT_DISABLE_TELEMETRY: '0', PATH: '/bin' }

    expect(rendererEnvironment(environment, {})).toEqual(environment)
  })

  test('has what the device needs, whatever is set', () => {
    const ofDevice = { CUDA_VISIBLE_DEVICES: 'GPU-1' }
    expect(rendererEnvironment({ CUDA_VISIBLE_DEVICES: '0,1' }, ofDevice)).toMatchObject(ofDevice)
  })
})
