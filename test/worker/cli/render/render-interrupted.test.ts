import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import type { Stage } from '../fake-stages.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

test('svd render exits with 130 at Ctrl-C, and renders none of the other images', async () => {
  const { folder, at } = await aFolderOfImages('a.jpg', 'b.jpg')
  const controller = new AbortController()
  const { exitCode, stdout, stderr, jobs, renderers } = await renderCommand(
    [at('a.jpg'), at('b.jpg'), '--output-dir', at('videos'), '--json'],
    {
      signal: controller.signal,
      onStage: (stage) => {
        if (stage === 'render') controller.abort(new InterruptedError('SIGINT'))
      },
    },
  )
  expect({ exitCode, stderr }).toEqual({ exitCode: 130, stderr: 'error: stopped by SIGINT\n' })
  const error = { kind: 'interrupted', message: 'stopped by SIGINT' }
  expect(JSON.parse(stdout)).toEqual({
    status: 'failed',
    error,
    results: ['a.jpg', 'b.jpg'].map((image) => ({ status: 'failed', image: at(image), error })),
  })
  expect(jobs).toHaveLength(1)
  expect(renderers.open).toBe(0)
  expect(await readdir(folder)).toEqual(['a.jpg', 'b.jpg'])
})

describe.each<Stage>(['prepare', 'render', 'finish'])('svd render in the stage %s', (stage) => {
  test.each(['Ctrl-C', 'a failure'])('leaves no file of the clip after %s', async (end) => {
    const { folder, at } = await aFolderOfImages('a.jpg')
    const controller = new AbortController()
    const { exitCode, events } = await renderCommand(
      [at('a.jpg'), '--output', at('a.mp4'), '--frames-dir', at('frames')],
      {
        signal: controller.signal,
        onStage: (begun) => {
          if (begun === stage && end === 'Ctrl-C') controller.abort(new InterruptedError('SIGINT'))
        },
        failures: { 'a.jpg': new Error('no luck') },
        failAt: stage,
      },
    )
    expect(exitCode).toBe(end === 'Ctrl-C' ? 130 : 1)
    expect(events.at(-1)).toBe(`${stage} a.jpg`)
    expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.jpg'])
  })
})

describe('svd render --json', () => {
  const NO_CHECKPOINT = {
    kind: 'invalid-input',
    message: '/none: there is no such folder; check the path of the checkpoint',
  }

  test('prints one object with the error when its image was not rendered', async () => {
    const { at } = await aFolderOfImages('a.jpg')
    const args = [at('a.jpg'), '--output', at('a.mp4'), '--checkpoint', '/none', '--json']
    const { exitCode, stdout } = await renderCommand(args)
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toEqual({ status: 'failed', image: at('a.jpg'), error: NO_CHECKPOINT })
  })

  test('prints one object with an error for each image when none was rendered', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const args = [at('a.jpg'), at('b.jpg'), '--output-dir', at('o'), '--checkpoint', '/none', '--json']
    const { exitCode, stdout } = await renderCommand(args)
    expect(exitCode).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      status: 'failed',
      error: NO_CHECKPOINT,
      results: ['a.jpg', 'b.jpg'].map((image) => ({
        status: 'failed',
        image: at(image),
        error: NO_CHECKPOINT,
      })),
    })
  })

  test('prints one object with the succeeded and the interrupted image at SIGTERM', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const controller = new AbortController()
    const { exitCode, stdout } = await renderCommand(
      [at('a.jpg'), at('b.jpg'), '--output-dir', at('o'), '--json'],
      {
        signal: controller.signal,
        onStage: (stage, image) => {
          if (stage === 'finish' && image === 'b.jpg') controller.abort(new InterruptedError('SIGTERM'))
        },
      },
    )
    expect(exitCode).toBe(143)
    const error = { kind: 'interrupted', message: 'stopped by SIGTERM' }
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'failed',
      error,
      results: [
        { status: 'succeeded', image: at('a.jpg') },
        { status: 'failed', image: at('b.jpg'), error },
      ],
    })
  })
})
