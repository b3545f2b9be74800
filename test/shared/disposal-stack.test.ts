import { expect, test } from 'vitest'
import { createDisposalStack, type DisposalStack } from '../../shared/disposal-stack.ts'

/** A stack on which three resources write their names when they are disposed of. */
const aStack = (fails: readonly string[] = []): { stack: DisposalStack; disposed: string[] } => {
  const disposed: string[] = []
  const stack = createDisposalStack()
  const dispose = (name: string) => async () => {
    disposed.push(name)
    if (fails.includes(name)) throw new Error(name)
  }
  stack.use({ [Symbol.asyncDispose]: dispose('first') })
  stack.defer(dispose('second'))
  stack.defer(dispose('third'))
  return { stack, disposed }
}

test('a disposal stack disposes of its resources from the newest to the oldest', async () => {
  const { stack, disposed } = aStack()
  await stack[Symbol.asyncDispose]()
  expect(disposed).toEqual(['third', 'second', 'first'])
})

test('a disposal stack disposes of each resource once', async () => {
  const { stack, disposed } = aStack()
  await stack[Symbol.asyncDispose]()
  await stack[Symbol.asyncDispose]()
  expect(disposed).toHaveLength(3)
})

test('a disposal stack whose resources were moved disposes of none', async () => {
  const { stack, disposed } = aStack()
  const moved = stack.move()
  await stack[Symbol.asyncDispose]()
  expect(disposed).toEqual([])
  await moved[Symbol.asyncDispose]()
  expect(disposed).toEqual(['third', 'second', 'first'])
})

test('a disposal stack disposes of the other resources when one fails, and then throws its error', async () => {
  const { stack, disposed } = aStack(['second'])
  await expect(stack[Symbol.asyncDispose]()).rejects.toThrow(/^second$/)
  expect(disposed).toEqual(['third', 'second', 'first'])
})

test('a disposal stack throws all errors when several resources fail', async () => {
  const { stack } = aStack(['third', 'first'])
  await expect(stack[Symbol.asyncDispose]()).rejects.toThrow('Error: third; Error: first')
})
