import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../infra/config/read-config.ts'
import { inRepository } from '../worker/image/in-repository.ts'

const guide = await readFile(inRepository('infra/README.md'), 'utf8')

/** Commands of the first indented block below a heading: lines that end with a backslash go on. */
const commandsBelow = (heading: string): readonly string[] => {
  const section = guide.slice(guide.indexOf(`## ${heading}\n`))
  const block = /(?:^ {4}.*\n)+/m.exec(section)?.[0] ?? ''
  return block
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}

/** The keys of every command of the guide that deploys. */
const deployments: readonly Readonly<Record<string, string>>[] = [
  ...guide.replaceAll(/\\\n\s*/g, '').matchAll(/cdk deploy --all(.*)$/gm),
].map(([, keys = '']) =>
  Object.fromEntries(
    [...keys.matchAll(/-c (svd:\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]),
  ),
)

describe("the guide's section From a fresh account to the first MP4", () => {
  const commands = commandsBelow('From a fresh account to the first MP4')

  test('has at most eight commands, from npm ci to svd submit', () => {
    expect(commands.length).toBeGreaterThan(4)
    expect(commands.length).toBeLessThanOrEqual(8)
    expect([commands[0], commands.at(-1)]).toEqual([
      'npm ci',
      'npx svd submit worker/demo-samples/rocket.png --wait --download videos',
    ])
  })

  test('needs neither a GPU quota nor a CUDA image', () => {
    expect(commands.filter((command) => command.includes('quota'))).toEqual([])
    expect(commands).toContain('npx cdk deploy --all -c svd:device=cpu -c svd:modelId=demo')
  })

  test('names files that exist', () => {
    const files = commands.flatMap((command) => command.match(/worker\/[\w/.-]+/g) ?? [])

    expect(files.length).toBe(2)
    for (const file of files) expect([file, existsSync(inRepository(file))]).toEqual([file, true])
  })
})

test('every deployment command of the guide has known keys with valid values', () => {
  expect(deployments.length).toBeGreaterThan(3)
  for (const keys of deployments) {
    const context = Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [
        key,
        value.replace('ACCOUNT', '123456789012').replace('REGION', 'us-east-1'),
      ]),
    )
    expect(() => readConfig(context)).not.toThrow()
  }
})
