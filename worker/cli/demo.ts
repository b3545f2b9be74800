import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { processSurroundings } from './process-surroundings.ts'
import { runProgram } from './program.ts'

/** `npm run demo`: a sample photo and the demo checkpoint, both part of the package, to ./out/coffee.mp4. */
const inPackage = (file: string): string =>
  path.relative('', fileURLToPath(new URL(`../${file}`, import.meta.url)))

const args = [
  'render',
  inPackage('demo-samples/coffee.png'),
  '--checkpoint',
  inPackage('demo'),
  '--output-dir',
  'out',
]

const surroundings = processSurroundings()
surroundings.stdout.write(`svd ${args.join(' ')}\n`)
process.exitCode = await runProgram(args, surroundings)
