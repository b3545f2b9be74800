import { mkdir, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { posterOf } from '../video/write-poster.ts'
import type { ImageOutputs } from './render-outputs.ts'

const makeFolder = async (option: string, folder: string): Promise<void> => {
  try {
    await mkdir(folder, { recursive: true })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file has that name' : `${code}`
    throw new InvalidInputError(option, `the folder ${folder} cannot be made (${why}); choose another`, {
      cause,
    })
  }
}

const assertNoFolder = async (option: string, file: string): Promise<void> => {
  const stats = await stat(file).catch(() => null)
  if (stats?.isDirectory()) {
    throw new InvalidInputError(
      option,
      `${file} is a folder; give the name of the video, or give --output-dir`,
    )
  }
}

/** Frames of an earlier, longer clip would look like the end of this one. */
const assertNoLaterFrames = async (folder: string, frameCount: number): Promise<void> => {
  const left = (await readdir(folder)).find((entry) => {
    const number = /^(\d{4,})\.png$/.exec(entry)?.[1]
    return number !== undefined && Number(number) >= frameCount
  })
  if (left !== undefined) {
    throw new InvalidInputError(
      '--frames-dir',
      `${folder} holds ${left} of another clip, and this one has ${frameCount} frames; empty it or choose another`,
    )
  }
}

/** Every file that the plan writes. */
const filesOf = (plan: readonly ImageOutputs[], frameCount: number): readonly string[] =>
  plan.flatMap(({ outputs, framesDirs }) => [
    ...outputs.flatMap((video) => [video, posterOf(video)]),
    ...(framesDirs ?? []).flatMap((folder) =>
      Array.from({ length: frameCount }, (_, frame) =>
        path.join(folder, `${String(frame).padStart(4, '0')}.png`),
      ),
    ),
  ])

const identityOf = async (file: string): Promise<string | null> => {
  const stats = await stat(file).catch(() => null)
  return stats === null ? null : `${stats.dev}:${stats.ino}`
}

/** `svd render 0003.png --frames-dir .` would lose the image. */
const assertNoImageOverwritten = async (plan: readonly ImageOutputs[], frameCount: number): Promise<void> => {
  const images = new Map<string | null, string>()
  for (const { image } of plan) images.set(await identityOf(image), image)
  for (const file of filesOf(plan, frameCount)) {
    const identity = await identityOf(file)
    const image = identity === null ? undefined : images.get(identity)
    if (image !== undefined) {
      throw new InvalidInputError(
        image,
        `would be overwritten: ${file} is one of the files written (a video, its poster VIDEO.poster.png, or a frame); ` +
          'choose another output name or folder',
      )
    }
  }
}

/** Makes the folders that are missing. Throws InvalidInputError where that cannot be, or something is in the way. */
export const prepareOutputFolders = async (
  plan: readonly ImageOutputs[],
  { option, frameCount }: { readonly option: '--output' | '--output-dir'; readonly frameCount: number },
): Promise<void> => {
  const videos = plan.flatMap(({ outputs }) => outputs)
  for (const folder of new Set(videos.map((video) => path.dirname(video)))) await makeFolder(option, folder)
  for (const video of videos) await assertNoFolder(option, video)
  for (const folder of plan.flatMap(({ framesDirs }) => framesDirs ?? [])) {
    await makeFolder('--frames-dir', folder)
    await assertNoLaterFrames(folder, frameCount)
  }
  await assertNoImageOverwritten(plan, frameCount)
}
