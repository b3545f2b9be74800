import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { RENDER_ARGUMENT_NAMES } from '../../shared/contracts/render-arguments.ts'
import { spellOption } from '../../worker/cli/argument-options.ts'
import { runCommandLine } from '../worker/cli/a-command-line.ts'

/** Parameters of `StableVideoDiffusionPipeline.__call__` in diffusers 0.42.1, pipeline_stable_video_diffusion.py. */
const CALL_ARGUMENTS = [
  ...['image', 'height', 'width', 'num_frames', 'num_inference_steps', 'sigmas', 'min_guidance_scale'],
  ...['max_guidance_scale', 'fps', 'motion_bucket_id', 'noise_aug_strength', 'decode_chunk_size'],
  ...['num_videos_per_prompt', 'generator', 'latents', 'output_type', 'callback_on_step_end'],
  ...['callback_on_step_end_tensor_inputs', 'return_dict'],
]

/** Call arguments that have another name here. */
const RENAMED = ['image', 'generator']

const options = CALL_ARGUMENTS.filter((name) => RENDER_ARGUMENT_NAMES.some((known) => known === name))

/** Names in backticks that a document lists as absent. */
const listedAsAbsent = (text: string): readonly string[] => {
  const [, list = ''] = /These are not\s+there: ([^.]*)\./.exec(text) ?? []
  return [...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
}

describe.each(['README.md', 'docs/render.md'])('%s', (file) => {
  test('lists exactly the call arguments of diffusers that svd render lacks', async () => {
    const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8')
    expect(listedAsAbsent(text)).toEqual(
      CALL_ARGUMENTS.filter((name) => !options.includes(name) && !RENAMED.includes(name)),
    )
  })
})

test('svd render has an option for each of the 12 call arguments of diffusers that it supports', async () => {
  const { stdout } = await runCommandLine(['render', '--help'])
  expect(options.filter((name) => !stdout.includes(`${spellOption(name)} <`))).toEqual([])
  expect(options).toHaveLength(12)
})
