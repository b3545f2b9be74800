import type { RenderArgumentName } from './render-arguments.ts'

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i

/** The number that was typed; the text itself if it is none, so that the check that follows shows it as typed. */
export const readNumber = (text: string): number | string => (NUMBER.test(text) ? Number(text) : text)

/** Numbers between commas; the text itself if one of them is none. */
export const readNumbers = (text: string): readonly number[] | string => {
  const numbers = text.split(',').map((part) => readNumber(part.trim()))
  return numbers.every((number) => typeof number === 'number') ? numbers : text
}

/** An argument that came as text (an option, S3 user metadata), read as its kind but not checked. */
export const readArgumentText = (name: RenderArgumentName, text: string): unknown => {
  switch (name) {
    case 'format':
      return text.replaceAll(/\s*,\s*/g, ',')
    case 'loop':
    case 'metadata':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'fit':
    case 'seed':
    case 'size':
      return text
    case 'sigmas':
      return text === 'align-your-steps' ? text : readNumbers(text)
    default:
      return readNumber(text)
  }
}
