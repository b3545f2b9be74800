import { describe, expect, test } from 'vitest'
import { rendererEnvironment } from '../../../worker/renderer/renderer-environment.ts'

describe("the environment of a renderer's process", () => {
  test('disables the telemetry of ONNX Runtime', () => {
    expect(rendererEnvironment({}, {})).toMatchObject({ ORT_DISABLE_TELEMETRY: '1' })
  })

  test('keeps variables that are already set', () => {
    const environment = { GLIBC_TUNABLES: 'glibc.malloc.check=1', ORT_DISABLE_TELEMETRY: '0', PATH: '/bin' }

    expect(rendererEnvironment(environment, {})).toEqual(environment)
  })

  test('contains no AWS keys, and no other variables that a renderer does not need', () => {
    const secrets = {
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/v2/credentials',
      NODE_OPTIONS: '--inspect',
      HTTPS_PROXY: 'http://user:secret@proxy',
      SVD_JOBS_QUEUE_URL: 'http://sqs',
    }
    expect(rendererEnvironment({ ...secrets, HOME: '/home' }, {})).toEqual({
      ...{ HOME: '/home', ORT_DISABLE_TELEMETRY: '1' },
      GLIBC_TUNABLES: expect.stringContaining('glibc.malloc.hugetlb=1'),
    })
  })

  test('contains the variables of the device, even if other values are set', () => {
    const ofDevice = { CUDA_VISIBLE_DEVICES: 'GPU-1' }
    expect(rendererEnvironment({ CUDA_VISIBLE_DEVICES: '0,1' }, ofDevice)).toMatchObject(ofDevice)
  })
})
