import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { partialName } from '../../../../shared/files/partial-name.ts'
import { anEndedProcess } from '../../../fixtures/an-ended-process.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

/** Hidden folders that an svd which was killed, and one that still renders, have beside videos and frames. */
const withLeftovers = async () => {
  const { at } = await aFolderOfImages('cup.jpg', 'mug.jpg')
  const ended = await anEndedProcess()
  const hidden = async (folder: string, processId: number): Promise<string> => {
    const made = path.join(folder, partialName('other', processId))
    await mkdir(made, { recursive: true })
    await writeFile(path.join(made, 'cup.rgb'), 'half')
    return made
  }
  const left = [await hidden(at('out'), ended), await hidden(at('frames/cup'), ended)]
  const inUse = await hidden(at('out'), process.ppid)
  const render = (...more: readonly string[]) =>
    renderCommand([
      ...[at('cup.jpg'), at('mug.jpg'), '--output-dir', at('out'), '--frames-dir', at('frames'), ...more],
    ])
  const hiddenIn = async (folder: string): Promise<readonly string[]> =>
    (await readdir(at(folder))).filter((name) => name.startsWith('.'))
  return { at, left, inUse, render, hiddenIn }
}

test('removes what a killed svd left beside videos and frames, and nothing of one that renders', async () => {
  const { left, inUse, render, hiddenIn } = await withLeftovers()
  const { exitCode, stderr } = await render()
  expect(exitCode).toBe(0)
  for (const folder of left)
    expect(stderr).toContain(`removed ${folder}, which a killed svd left half-written\n`)
  expect(await hiddenIn('out')).toEqual([path.basename(inUse)])
  expect(await hiddenIn('frames/cup')).toEqual([])
})

test('removes it without a line with --quiet', async () => {
  const { inUse, render, hiddenIn } = await withLeftovers()
  expect((await render('--quiet')).stderr).toBe('')
  expect(await hiddenIn('out')).toEqual([path.basename(inUse)])
})

test('removes nothing where an option is wrong', async () => {
  const { left, inUse, render, hiddenIn } = await withLeftovers()
  expect(await render('--num-frames', '0')).toMatchObject({ exitCode: 2 })
  expect(await hiddenIn('out')).toEqual([left[0] ?? '', inUse].map((file) => path.basename(file)).toSorted())
})
