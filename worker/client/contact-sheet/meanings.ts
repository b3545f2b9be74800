import { type Html, html } from './html.ts'

/** Meanings of the figures of the page: a title and sentences for each. */
const MEANINGS = {
  likeness: [
    'Likeness',
    'How much the first frame resembles the image, as the clip has it: the peak signal-to-noise ratio (PSNR) of the two ' +
      'in decibels. More is more alike. Of a job with several clips, sorting and filters take the least.',
  ],
  motion: [
    'Measured motion',
    'How much neighbouring frames differ: the mean difference of their pixels, in levels of 0 to 255. The first number is ' +
      'of the two frames that differ least, the second of the two that differ most. Sorting and filters take the second.',
  ],
  seams: [
    'Seams',
    'Frames are decoded in chunks. This is the largest change where two chunks meet, divided by the median change between ' +
      'other frames. About 1 is good; a large one is seen as flicker.',
  ],
  darkest: ['Darkest frame', 'Mean brightness of the darkest frame, from 0 (black) to 255 (white).'],
  frames: ['Frames', 'Number of frames in the video file, as the file itself says.'],
  'non-finite': [
    'Not finite',
    'Number of values that were NaN or infinite before the frames became bytes. It is 0 in a good clip.',
  ],
  work: [
    'Work',
    'Time that the worker took for this clip, from the image to the published files, without the queue.',
  ],
  phase: ['Progress', 'Phase in which the job was when the page was written, and its step.'],
  attempts: [
    'Attempts',
    'How often a worker received this job. More than one means that an earlier attempt failed, or was interrupted.',
  ],
  cost: ['Cost', "Device time at the worker's hourly price. Waiting and idle time are not in it."],
  fit: [
    'Fit',
    'What the image lost in the shape of the clip: it was stretched, cut off at two sides, or got black bars. The details ' +
      'have both sizes.',
  ],
  fallback: [
    'Fallback decode',
    'The first clip did not pass its checks. This one was decoded again in small chunks that overlap.',
  ],
  prepare: ['Prepare', 'Time to fetch the image and to fit it to the size of the clip.'],
  load: ['Load model', 'Time to load the networks. It is about 0 where the worker had them loaded.'],
  encode_image: [
    'Encode image',
    'Time in which the networks read the image: the image encoder, and the encoder of the VAE.',
  ],
  denoise: [
    'Denoise',
    'Time of the denoising steps, which make the motion. It grows with steps, frames and pixels.',
  ],
  decode: ['Decode', 'Time in which the decoder of the VAE makes frames of the result.'],
  encode_video: ['Encode video', 'Time to compress the frames to a video file.'],
  check: ['Check', 'Time of the checks of the finished clip.'],
  publish: ['Publish', 'Time to upload the files of the clip.'],
  span: ['Submit to end', 'Time from the first submitted job to the end of the last one.'],
  pace: [
    'Clips per hour',
    'Number of clips, divided by the time from the first start of a job to the last end.',
  ],
  'device-time': ['Device time', 'Time in which the jobs had the card or the processor of a worker, summed.'],
  'total-cost': [
    'Cost',
    "Device time of all jobs at the workers' hourly prices. Idle machines are not in it.",
  ],
} as const satisfies Readonly<Record<string, readonly [title: string, text: string]>>

export type Meaning = keyof typeof MEANINGS

export const meaningId = (meaning: Meaning): string => `meaning-${meaning}`

/** All meanings, closed. A figure opens its own. */
export const renderMeanings = (): Html =>
  html`<div class="meanings">${Object.entries(MEANINGS).map(
    ([meaning, [title, text]]) =>
      html`<div popover id="${meaningId(meaning as Meaning)}" class="meaning"><b>${title}</b> ${text}</div>
`,
  )}</div>`
