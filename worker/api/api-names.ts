import { InvalidInputError } from '../../shared/contracts/invalid-input.ts'

/** Options of the command line, and what the API calls the same. */
const NAMES: Readonly<Record<string, string>> = {
  '--output': 'output',
  '--device': 'device',
  '--precision': 'precision',
  '--memory': 'memory',
  '--threads': 'threads',
  '--target': 'target',
  '--variant': 'variant',
  '--width': 'width',
  '--height': 'height',
  '--num-frames': 'num_frames',
  '--num-inference-steps': 'num_inference_steps',
  '--num-videos-per-prompt': 'num_videos_per_prompt',
  '--decode-chunk-size': 'decode_chunk_size',
  '--decode-overlap': 'decode_overlap',
  '--format': 'format',
  '--input-bucket': 'inputBucket',
  '--output-bucket': 'outputBucket',
  '--jobs-queue-url': 'jobsQueueUrl',
  '--dead-letter-queue-url': 'deadLetterQueueUrl',
  '--images': 'imagesDir',
  '--prefix': 'prefix',
}

const translate = (text: string): string => text.replaceAll(/--[a-z][a-z-]*/g, (name) => NAMES[name] ?? name)

/** The error in the API's names, where the code that the API shares with the command line threw it. */
const inApiNames = (error: unknown): unknown => {
  if (!(error instanceof InvalidInputError)) return error
  const field = translate(error.field)
  const message = translate(error.message.slice(`${error.field}: `.length))
  return `${field}: ${message}` === error.message
    ? error
    : new InvalidInputError(field, message, { cause: error })
}

/** Does the work, whose invalid input is then reported in the API's names. */
export const withApiNames = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    throw inApiNames(error)
  }
}

/** `withApiNames` for work that ends at once. */
export const withApiNamesNow = <Result>(work: () => Result): Result => {
  try {
    return work()
  } catch (error) {
    throw inApiNames(error)
  }
}
