import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { endWithParent } from '../../../worker/video/end-with-parent.ts'
import { FfmpegFailedError, type FfmpegRun, runFfmpeg } from '../../../worker/video/run-ffmpeg.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'
import { expectChildEnvironment, writeFakeFfmpeg } from './fake-ffmpeg.ts'

test('ffmpeg gets no variables that it does not need', async () => {
  const folder = await temporaryDir()
  const script = `env > '${folder}/env'\ncat > '${folder}/input'`
  const ffmpegPath = await writeFakeFfmpeg(folder, script)
  await runFfmpeg({
    ...{ ffmpegPath, input: [Buffer.from('frame')], signal: unaborted },
    ...{ inputOptions: ['-f rawvideo'], outputOptions: ['-c:v copy'], output: path.join(folder, 'clip.mp4') },
  })
  await expectChildEnvironment(path.join(folder, 'env'))
  expect(await readFile(path.join(folder, 'input'), 'utf8')).toBe('frame')
})

/** Also true of a process that its parent has not waited for yet. */
const hasEnded = async (pid: number): Promise<boolean> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return text === null || / Z /.test(text)
}

test.skipIf(!(await endWithParent('ffmpeg')).args.length)(
  'an ffmpeg that hangs ends with its parent process, also after SIGKILL',
  async () => {
    const folder = await temporaryDir()
    const pidFile = path.join(folder, 'pid')
    const ffmpegPath = await writeFakeFfmpeg(
      folder,
      `trap '' TERM PIPE\necho $$ > '${pidFile}'\nexec sleep 60`,
    )
    const parent = fork(fileURLToPath(new URL('./fixtures/run-hanging-ffmpeg.ts', import.meta.url)), [
      ffmpegPath,
    ])
    onTestFinished(() => void parent.kill('SIGKILL'))
    const pid = await vi.waitUntil(
      async () => Number(await readFile(pidFile, 'utf8').catch(() => '')),
      10_000,
    )

    parent.kill('SIGKILL')
    await once(parent, 'exit')

    await vi.waitUntil(() => hasEnded(pid), 5_000)
  },
)

describe('an ffmpeg', () => {
  const FRAME = Buffer.alloc(2 ** 20)
  /** More than pipes and buffers hold. */
  const FRAMES = Array.from({ length: 8 }, () => FRAME)

  const runHanging = async (script: string, more: Partial<FfmpegRun> = {}) => {
    const folder = await temporaryDir()
    const pidFile = path.join(folder, 'pid')
    const ffmpegPath = await writeFakeFfmpeg(folder, `echo $$ > '${pidFile}'\n${script}\nexec sleep 60`)
    const running = runFfmpeg({
      ...{ ffmpegPath, input: FRAMES, signal: unaborted, killGraceMs: 100, stallMs: 500 },
      ...{
        inputOptions: ['-f rawvideo'],
        outputOptions: ['-c:v copy'],
        output: path.join(folder, 'clip.mp4'),
      },
      ...more,
    })
    return { running, hasEnded: async () => !isAlive(Number(await readFile(pidFile, 'utf8'))) }
  }
  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }

  test.each([
    ['before it has read its input', ''],
    ['after it has read its input', 'cat > /dev/null'],
  ])('that hangs %s is killed, and its run fails', async (_, script) => {
    const { running, hasEnded } = await runHanging(script)
    await expect(running).rejects.toThrow(
      'ffmpeg hung: it read nothing of its input, or did not end after it, for 0.5 s',
    )
    expect(await hasEnded()).toBe(true)
  })

  test('that fails while an item is computed leaves no timer behind', async () => {
    const folder = await temporaryDir()
    const item = Promise.withResolvers<Buffer>()
    async function* input() {
      yield FRAME
      yield await item.promise
    }
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
    const before = timers()
    const running = runFfmpeg({
      ...{ ffmpegPath: await writeFakeFfmpeg(folder, 'exit 3'), input: input(), signal: unaborted },
      ...{
        inputOptions: ['-f rawvideo'],
        outputOptions: ['-c:v copy'],
        output: path.join(folder, 'clip.mp4'),
      },
      stallMs: 60_000,
    })
    await expect(running).rejects.toThrow(FfmpegFailedError)
    item.resolve(FRAME)
    await setImmediate()
    expect(timers()).toBe(before)
  })

  test('that hangs after its input is killed by an abort, whose reason the run throws', async () => {
    const controller = new AbortController()
    async function* input() {
      yield FRAME
      // Between the last frame and the end, which the program reads at once.
      setTimeout(() => controller.abort(new Error('told to stop')), 200)
    }
    const { running, hasEnded } = await runHanging('cat > /dev/null', {
      ...{ input: input(), signal: controller.signal, stallMs: 60_000 },
    })
    await expect(running).rejects.toThrow('told to stop')
    expect(await hasEnded()).toBe(true)
  })
})
