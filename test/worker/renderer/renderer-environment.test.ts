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

  test('has no key of AWS, and nothing else that a renderer has no use for', () => {
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

  test('has what the device needs, whatever is set', () => {
    const ofDevice = { CUDA_VISIBLE_DEVICES: 'GPU-1' }
    expect(rendererEnvironment({ CUDA_VISIBLE_DEVICES: '0,1' }, ofDevice)).toMatchObject(ofDevice)
  })
})
