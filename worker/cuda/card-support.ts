import type { Card } from './cards.ts'
import { LEAST_DRIVER_MAJOR } from './cuda-libraries.ts'

/**
 * Compute capabilities that the provider of 1.30.0 has machine code for. It has no PTX, so that a card runs code of its
 * own major version, of the same or a lower minor one. V100 (7.0) and B200 (10.0) have none.
 */
const CODE = [
  { major: 7, minor: 5 },
  { major: 8, minor: 0 },
  { major: 9, minor: 0 },
  { major: 12, minor: 0 },
] as const

const CARDS_WITH_CODE =
  'T4, A100, A10G, L4, L40S, H100, H200 and others of compute capability 7.5, 8.x, 9.x or 12.x'

/** Why the provider cannot run on a card; `null`: it can. */
export const cardFault = ({ name, computeCapability, driverVersion }: Card): string | null => {
  const { major, minor } = computeCapability
  if (!CODE.some((code) => code.major === major && code.minor <= minor)) {
    return (
      `${name} has compute capability ${major}.${minor}, for which ONNX Runtime's CUDA provider has no code; ` +
      `use one of ${CARDS_WITH_CODE}`
    )
  }
  const driverMajor = Number(driverVersion.split('.')[0])
  if (driverMajor < LEAST_DRIVER_MAJOR) {
    return `its driver is ${driverVersion}; CUDA 13 needs ${LEAST_DRIVER_MAJOR} or newer, so update the driver`
  }
  return null
}
