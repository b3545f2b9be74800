import { fileURLToPath } from 'node:url'
import { exists } from './json-file.ts'

/** Repositories on the Hugging Face Hub whose config files are part of the project, by the name that users type. */
const REPOSITORIES: ReadonlyMap<string, string> = new Map([
  ['svd-xt', 'stabilityai/stable-video-diffusion-img2vid-xt'],
])

/**
 * Folder of the built-in configs that `name` stands for. `null` if `name` is not a built-in name, or if the working
 * directory has a file, folder or link of that name: the user's own checkpoint goes first, even if it is broken.
 *
 *     await findKnownConfigs('svd-xt')     // …/known-configs/svd-xt
 *     await findKnownConfigs('./svd-xt')   // null: a path
 */
export const findKnownConfigs = async (name: string): Promise<string | null> =>
  REPOSITORIES.has(name) && !(await exists(name))
    ? fileURLToPath(new URL(`./known-configs/${name}`, import.meta.url))
    : null

/** Message of a command that needs weights where `name` is not a folder; `null` if `name` is not a built-in name. */
export const knownNameFault = (name: string): string | null => {
  const repository = REPOSITORIES.get(name)
  return repository === undefined
    ? null
    : `there is no such folder here, and the built-in ${name} has configs without weights, for svd plan and svd inspect; ` +
        `download the checkpoint, once you have accepted its licence on https://huggingface.co/${repository}: ` +
        `hf download ${repository} --local-dir ${name} --include "*.json" --include "*.fp16.safetensors"`
}
