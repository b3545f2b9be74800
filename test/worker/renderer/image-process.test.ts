import { type ChildProcess, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { InvalidInputError } from '../../../shared/contracts/invalid-input.ts'
import { type ImageProcessOptions, openImageProcess } from '../../../worker/renderer/image-process.ts'
import { prepareImage } from '../../../worker/renderer/prepare-image.ts'
import { RendererCrashedError } from '../../../worker/renderer/renderer-crashed.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { unaborted } from '../../fixtures/unaborted.ts'

const PHOTO = fileURLToPath(new URL('../../goldens/images/turned.jpg', import.meta.url))

const anImage = async (bytes?: Uint8Array) => ({
  ...{ bytes: bytes ?? (await readFile(PHOTO)), field: 'photo.jpg', width: 48, height: 32 },
  ...({ fit: 'crop', folder: await temporaryDir(), signal: unaborted } as const),
})

const aProcess = (options: ImageProcessOptions = {}) => {
  const processes: ChildProcess[] = []
  const images = openImageProcess({
    spawn(entry, forkOptions) {
      const child = fork(entry, forkOptions)
      processes.push(child)
      return child
    },
    ...options,
  })
  onTestFinished(() => images[Symbol.asyncDispose]())
  return { images, processes }
}

test('an image process prepares several images in one process, with the results of prepareImage', async () => {
  const { images, processes } = aProcess()
  const here = await prepareImage(await anImage())

  const prepared = [await images.prepareImage(await anImage()), await images.prepareImage(await anImage())]

  for (const { source, fitted } of prepared) {
    expect([source.sha256, source.width, source.height]).toEqual([here.source.sha256, 150, 108])
    expect([fitted.sha256, fitted.width, fitted.height]).toEqual([here.fitted.sha256, 48, 32])
  }
  expect(processes).toHaveLength(1)
})

test('an image that cannot be decoded causes an InvalidInputError', async () => {
  const { images } = aProcess()
  const preparing = images.prepareImage(await anImage((await readFile(PHOTO)).subarray(0, 500)))
  await expect(preparing).rejects.toThrow(InvalidInputError)
  await expect(preparing).rejects.toThrow(/^photo\.jpg: is a damaged or cut-off JPEG file/)
})

test('an image process that dies fails its image, and the next image gets a new process', async () => {
  const { images, processes } = aProcess()
  await images.prepareImage(await anImage())
  const preparing = images.prepareImage(await anImage())
  processes[0]?.kill('SIGKILL')

  await expect(preparing).rejects.toThrow(RendererCrashedError)
  await expect(preparing).rejects.toThrow('the process that prepares images was killed by SIGKILL')
  expect((await images.prepareImage(await anImage())).source.width).toBe(150)
  expect(processes).toHaveLength(2)
})

test('an image process is killed if an image takes too long', async () => {
  const { images, processes } = aProcess({ limitMs: 1 })
  await expect(images.prepareImage(await anImage())).rejects.toThrow(
    'the process that prepares images gave no sign for 1 ms and was killed',
  )
  expect(processes[0]?.signalCode).toBe('SIGKILL')
})
