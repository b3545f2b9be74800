import { basename } from 'node:path'

/** 14 and 25 frames have the same files; these are of the model that most people want. */
const USUAL_REPOSITORY = 'stabilityai/stable-video-diffusion-img2vid-xt'

/** Command of the Hub's own tool that downloads a checkpoint as half-precision weights. */
export const downloadCommand = (repository = USUAL_REPOSITORY): string =>
  `hf download ${repository} --local-dir ${basename(repository)} --include "*.json" --include "*.fp16.safetensors"`

const ADDRESS =
  /^(?:https?:\/\/|hf:\/\/)(?:huggingface\.co\/|hf\.co\/)?([\w.-]+\/[\w.-]+?)(?:\/(?:tree|blob)\/.*)?\/?$/
const REPOSITORY = /^[\w.-]+\/[\w.-]+$/

/** The Hub's repository that a text names; `null` if it names none. `a/b` is also the path of a folder. */
const repositoryOf = (text: string): string | null =>
  ADDRESS.exec(text)?.[1] ?? (REPOSITORY.test(text) && !text.startsWith('.') ? text : null)

/** Why a path that does not exist is no checkpoint, if it names a model of the Hub; `null` if it does not. */
export const hubFault = (dir: string): string | null => {
  const repository = repositoryOf(dir)
  if (repository === null) return null
  return (
    `there is no such folder; if it is a model of the Hugging Face Hub, download it first (SVD has 4.5 GB), ` +
    `and give --checkpoint ${basename(repository)}:\n  ${downloadCommand(repository)}`
  )
}
