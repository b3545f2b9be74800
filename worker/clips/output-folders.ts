import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'
import { createDisposalStack } from '../../shared/disposal-stack.ts'
import {
  assertFolderUsable,
  folderFault,
  makeFolder,
  removeEmptyFolders,
} from '../../shared/files/output-folder.ts'
import { posterOf } from '../video/clip-files.ts'
import { frameName } from '../video/write-frames.ts'
import { filesOfVideo, type ImageOutputs } from './outputs.ts'

const assertNoFolder = async (option: string, file: string): Promise<void> => {
  const stats = await stat(file).catch(() => null)
  if (stats?.isDirectory()) {
    throw new InvalidInputError(
      option,
      `${file} is a folder; give the name of the video, or give --output-dir`,
    )
  }
}

/** Empty where there is no such folder yet. */
const entriesOf = async (folder: string): Promise<readonly string[]> => {
  try {
    return await readdir(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw folderFault('--frames-dir', folder, error)
  }
}

/** Frames of an earlier, longer clip would look like the end of this one. */
const assertNoLaterFrames = async (folder: string, frameCount: number): Promise<void> => {
  const left = (await entriesOf(folder)).find((entry) => {
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
  plan.flatMap(({ outputs, formats, framesDirs }) => [
    ...outputs.flatMap((video) => [...filesOfVideo(video, formats), posterOf(video)]),
    ...(framesDirs ?? []).flatMap((folder) =>
      Array.from({ length: frameCount }, (_, frame) => path.join(folder, frameName(frame))),
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

type OutputOption = '--output' | '--output-dir'

const videoFolders = (plan: readonly ImageOutputs[]): readonly string[] => [
  ...new Set(plan.flatMap(({ outputs }) => outputs.map((video) => path.dirname(video)))),
]

const framesFolders = (plan: readonly ImageOutputs[]): readonly string[] =>
  plan.flatMap(({ framesDirs }) => framesDirs ?? [])

/** Every folder to which the plan's files go. */
export const outputFolders = (plan: readonly ImageOutputs[]): readonly string[] => [
  ...videoFolders(plan),
  ...framesFolders(plan),
]

/**
 * Looks whether the plan's files can be written, and writes nothing. Throws InvalidInputError where they cannot, or
 * something is in the way.
 */
export const checkOutputFolders = async (
  plan: readonly ImageOutputs[],
  { option, frameCount }: { readonly option: OutputOption; readonly frameCount: number },
): Promise<void> => {
  for (const folder of videoFolders(plan)) await assertFolderUsable(option, folder)
  for (const { outputs, formats } of plan)
    for (const file of outputs.flatMap((video) => filesOfVideo(video, formats)))
      await assertNoFolder(option, file)
  for (const folder of framesFolders(plan)) {
    await assertFolderUsable('--frames-dir', folder)
    await assertNoLaterFrames(folder, frameCount)
  }
  await assertNoImageOverwritten(plan, frameCount)
}

/**
 * Makes the folders that are missing. Of these, those are removed in the end to which nothing was written. Throws
 * InvalidInputError.
 */
export const makeOutputFolders = async (
  plan: readonly ImageOutputs[],
  option: OutputOption,
): Promise<AsyncDisposable> => {
  await using making = createDisposalStack()
  const wanted = [
    ...videoFolders(plan).map((folder) => [option, folder] as const),
    ...framesFolders(plan).map((folder) => ['--frames-dir', folder] as const),
  ]
  for (const [name, folder] of wanted) {
    const made = await makeFolder(name, folder)
    making.defer(() => removeEmptyFolders(made))
  }
  return making.move()
}
