import { describe, expect, test } from 'vitest'
import { parseNameTemplate } from '../../../../worker/client/download/name-template.ts'

const faultOf = (text: string): string => {
  try {
    parseNameTemplate('--name', text)
  } catch (error) {
    return String(error)
  }
  return 'none'
}

test('a template lists each of its fields once', () => {
  const { fields } = parseNameTemplate('--name', '{item_id}-{seed}-{item_id}')
  expect(fields).toEqual(['item_id', 'seed'])
})

describe('parseNameTemplate', () => {
  test.each([
    ['{sed}-{id}', "got '{sed}-{id}', which has an unknown field {sed}; fields are image, "],
    ['{motion}', 'has an unknown field {motion}; did you mean {motion_bucket_id}?'],
    ['{}', 'has an unknown field {}; fields are image, item, '],
    ['a/{seed}', "has a '/', which separates folders; write another"],
    ['../{seed}', "has a '/', which separates folders; write another"],
    ['..{seed}', "has '..', which may name the folder above; write another"],
    ['{seed', 'has a brace without its partner; write fields as {image}'],
    ['{{seed}}', 'has a brace without its partner; write fields as {image}'],
    ['{seed}.poster.png', 'ends with .poster.png; leave that out, because each file gets its own ending'],
    ['{seed}.MOV', 'ends with .MOV; leave that out'],
    ['{seed}.mp4', 'ends with .mp4; leave that out, because each file gets its own ending'],
    ['a?{seed}', "has the character '?', which Windows refuses; write another"],
    ['', "got '', which is empty; write another"],
    ['x'.repeat(250), 'has 250 bytes; at most 244 fit'],
  ])('refuses %j and names the fault', (text, fault) => {
    expect(faultOf(text)).toContain(fault)
  })
})
