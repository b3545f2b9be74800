import { childEnvironment } from '../../shared/child-environment.ts'
import { RUNTIME_ENVIRONMENT } from '../engine/runtime-environment.ts'

/**
 * glibc's allocator as a renderer wants it. Large blocks in huge pages: activations of a decoder are taken and given
 * back at every node of its graph, and faulting them in by 4 KB costs a tenth of its time. Blocks from 1 MiB always
 * mapped: a network's weights go back to the system when its session ends, where glibc, left alone, learns to keep
 * blocks of up to 32 MiB and with them a gigabyte of the UNet under the decoder.
 */
const GLIBC_TUNABLES = `glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=${2 ** 20}`

/**
 * Environment of a renderer's process: of `environment` what `childEnvironment` passes, so no key of AWS. Other C
 * libraries ignore glibc's variable; one that is set already is kept. `ofDevice` has what the process needs to run on
 * its device, and goes before what is set.
 */
export const rendererEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
  ofDevice: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  ...RUNTIME_ENVIRONMENT,
  GLIBC_TUNABLES,
  ...childEnvironment(environment),
  ...ofDevice,
})
