import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The full path of a program that another process or thread runs. `name` is relative to the module `from` and has no
 * extension. The program has the extension of that module: `.ts` in a checkout, `.js` in the package, which is compiled.
 *
 *     const ENTRY = programFile('./image-main', import.meta.url)
 */
export const programFile = (name: string, from: string): string =>
  fileURLToPath(new URL(`${name}${path.extname(fileURLToPath(from))}`, from))

/**
 * The oldest version of Node that runs these files. Node 22 cannot parse the sources, which have `using`. Node before 22.13
 * has no `node:sqlite` without a flag. `worker/cli/launch.js` has the same numbers.
 */
export const OLDEST_NODE: string = import.meta.url.endsWith('.ts') ? '24.0' : '22.13'

/** Whether a version of Node, for example 22.13.0, is `oldest` or newer. */
export const isNodeSupported = (version: string, oldest: string = OLDEST_NODE): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = oldest.split('.').map(Number)
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}
