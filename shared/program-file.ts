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

/** The oldest major version of Node that runs these files. Node 22 cannot parse the sources, which have `using`. */
export const NODE_NEEDED: number = import.meta.url.endsWith('.ts') ? 24 : 22
