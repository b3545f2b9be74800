/* What programs and native libraries read. All else stays here: keys of AWS, tokens, proxies, Node's options. */
const NAMES = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LD_LIBRARY_PATH', 'GLIBC_TUNABLES']
const PREFIXES = ['CUDA_', 'NVIDIA_', 'ORT_', 'OMP_']

const mayPass = (name: string): boolean =>
  NAMES.includes(name) || PREFIXES.some((prefix) => name.startsWith(prefix))

/**
 * Environment for every process that this program starts: renderers, ffmpeg, nvidia-smi, probes. Such processes read
 * files of others with native code, and none of them talks to AWS. A variable that one process needs beside these is
 * added by its caller.
 */
export const childEnvironment = (
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> => {
  const passed: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && mayPass(name)) passed[name] = value
  }
  return passed
}
