import { fileURLToPath } from 'node:url'
import { execa, type Options } from 'execa'

const SVD = fileURLToPath(new URL('../../worker/cli/svd.ts', import.meta.url))

const OPTIONS = { reject: false } as const satisfies Options

/** Starts `svd` as a process of its own. */
export const startSvd = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  execa(process.execPath, [SVD, ...args], { ...OPTIONS, env })

export type SvdProcess = ReturnType<typeof startSvd>

/** Waits until a process has printed a text, and returns what it printed. Throws if the process ends before. */
export const untilPrinted = (running: SvdProcess, isEnough: (text: string) => boolean): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ''
    running.stdout.on('data', (chunk) => {
      text += String(chunk)
      if (isEnough(text)) resolve(text)
    })
    running.then(
      ({ exitCode, stderr }) => reject(new Error(`svd ended with ${exitCode} after: ${text}${stderr}`)),
      reject,
    )
  })

/** Kills a process with SIGKILL, and waits until it has ended. */
export const killHard = async (running: SvdProcess): Promise<void> => {
  running.kill('SIGKILL')
  await running
}

/** `svd local`, with the variables that it prints for its clients. */
export const startLocal = async (args: readonly string[]) => {
  const running = startSvd(['local', '--port', '0', ...args])
  const told = await untilPrinted(running, (text) => text.includes('Ctrl-C ends it.'))
  const environment = Object.fromEntries(
    [...told.matchAll(/^ {2}export (\w+)=(.+)$/gm)].map(([, name, value]) => [name!, value!]),
  )
  return { running, told, environment }
}
