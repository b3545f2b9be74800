import type { ClipDevice } from '../device/clip-device.ts'

/** A device as `--json` prints it. */
export const deviceAsJson = ({ choice, name, precision, computeCapability, driverVersion }: ClipDevice) => ({
  execution_provider: choice.provider,
  name,
  precision,
  compute_capability: computeCapability,
  driver_version: driverVersion,
})

/** The same for people. */
export const deviceText = ({ name, computeCapability }: ClipDevice): string =>
  computeCapability === null ? name : `${name} (compute capability ${computeCapability})`
