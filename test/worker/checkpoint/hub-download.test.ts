import { expect, test } from 'vitest'
import { downloadCommand, hubFault } from '../../../worker/checkpoint/hub-download.ts'

const COMMAND =
  'hf download stabilityai/stable-video-diffusion-img2vid-xt --local-dir stable-video-diffusion-img2vid-xt ' +
  '--include "*.json" --include "*.fp16.safetensors"'

test('downloadCommand downloads SVD-XT with its half-precision weights', () => {
  expect(downloadCommand()).toBe(COMMAND)
})

test.each([
  'stabilityai/stable-video-diffusion-img2vid-xt',
  'https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt',
  'https://huggingface.co/stabilityai/stable-video-diffusion-img2vid-xt/tree/main',
  'https://hf.co/stabilityai/stable-video-diffusion-img2vid-xt/',
])('hubFault answers %s with the command that downloads the model', (text) => {
  expect(hubFault(text)).toBe(
    'there is no such folder; if it is a model of the Hugging Face Hub, download it first (SVD has 4.5 GB), ' +
      `and give --checkpoint stable-video-diffusion-img2vid-xt:\n  ${COMMAND}`,
  )
})

test.each(['svd-xt', './models/svd-xt', '/models/svd-xt', 'a/b/c', 'C:\\models\\svd', ''])(
  'hubFault returns null for %s, which does not name a model of the Hub',
  (text) => {
    expect(hubFault(text)).toBeNull()
  },
)
