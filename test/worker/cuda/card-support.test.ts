import { describe, expect, test } from 'vitest'
import { cardFault } from '../../../worker/cuda/card-support.ts'
import { aCard } from './a-card.ts'

const withCapability = (capability: string, name: string) => {
  const [major = 0, minor = 0] = capability.split('.').map(Number)
  return aCard({ name, computeCapability: { major, minor } })
}

describe('a GPU', () => {
  test.each([
    ['7.5', 'Tesla T4'],
    ['8.0', 'NVIDIA A100-SXM4-40GB'],
    ['8.6', 'NVIDIA A10G'],
    ['8.9', 'NVIDIA L4'],
    ['9.0', 'NVIDIA H100'],
    ['12.0', 'NVIDIA RTX PRO 6000'],
  ])('of compute capability %s is supported: %s', (capability, name) => {
    expect(cardFault(withCapability(capability, name))).toBeNull()
  })

  test.each([
    ['7.0', 'Tesla V100-SXM2-16GB'],
    ['6.1', 'Tesla P40'],
    ['10.0', 'NVIDIA B200'],
  ])(
    'of compute capability %s is refused, because the provider has no code for it: %s',
    (capability, name) => {
      expect(cardFault(withCapability(capability, name))).toMatch(
        `${name} has compute capability ${capability}, for which ONNX Runtime's CUDA provider has no code; use one of T4`,
      )
    },
  )

  test('is refused if its driver is too old for CUDA 13', () => {
    expect(cardFault(aCard({ driverVersion: '570.86.15' }))).toBe(
      'its driver is 570.86.15; CUDA 13 needs 580 or newer, so update the driver',
    )
    expect(cardFault(aCard({ driverVersion: '610.1' }))).toBeNull()
  })
})
