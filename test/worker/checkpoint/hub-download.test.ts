import { expect, test } from 'vitest'
import { downloadCommand, hubFault } from '../../../worker/checkpoint/hub-download.ts'

const COMMAND =
  'hf download stabilityai/stable-video-diffusion-img2vid-xt --local-dir stable-video-diffusion-img2vid-xt ' +
  '--include "*.json" --include "*.fp16.safetensors"'

test('the usual model is downloaded as half-precision weights', () => {
  expect(downloadCommand()).toBe(COMMAND)
})

test.each([
  'stabilityai/stable-video-diffusion-img2vid-xt',
  'https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt',
  'https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt/tree/main',
  'https://hf.co/stabilityai/stable-video-diffusion-img2vid-xt/',
])('%s in place of a folder is answered with the command that downloads it', (text) => {
  expect(hubFault(text)).toBe(
    'there is no such folder; if it is a model of the Hugging Face Hub, download it first (SVD has 4.5 GB), ' +
      `and give --checkpoint stable-video-diffusion-img2vid-xt:\n  ${COMMAND}`,
  )
})

test.each(['svd-xt', './models/svd-xt', '/models/svd-xt', 'a/b/c', 'C:\\models\\svd', ''])(
  '%s names no model of the Hub',
  (text) => {
    expect(hubFault(text)).toBeNull()
  },
)
