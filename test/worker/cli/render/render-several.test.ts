import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { InvalidInputError } from '../../../../shared/contracts/invalid-input.ts'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { type CommandLineOptions, DEMO_CHECKPOINT } from '../a-command-line.ts'
import type { Stage } from '../fake-stages.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

describe('svd render of several images', () => {
  test('opens one renderer, which keeps the model', async () => {
    const { folder, at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const { exitCode, stdout, jobs, renderers } = await renderCommand([
      ...[at('a.jpg'), at('b.jpg'), '--output-dir', at('videos'), '--json'],
    ])
    expect(exitCode).toBe(0)
    expect(renderers).toEqual({ opened: 1, open: 0 })
    expect(jobs.map(({ keepWarm }) => keepWarm)).toEqual([true, true])
    expect(JSON.parse(stdout).results).toMatchObject([
      { status: 'succeeded', image: at('a.jpg') },
      { status: 'succeeded', image: at('b.jpg') },
    ])
    expect(await readdir(path.join(folder, 'videos'))).toEqual([
      'a.json',
      'a.mp4',
      'a.poster.png',
      'b.json',
      'b.mp4',
      'b.poster.png',
    ])
  })

  test('continues after an image that fails, and names each failure', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg', 'c.jpg', 'd.jpg')
    const { exitCode, stdout, stderr, jobs } = await renderCommand(
      [...['a', 'b', 'c', 'd'].map((name) => at(`${name}.jpg`)), '--output-dir', at('videos'), '--json'],
      {
        failures: {
          'a.jpg': new InvalidInputError(at('a.jpg'), 'is not an image'),
          'b.jpg': new Error('the renderer was killed by SIGKILL (out of memory?)'),
          'd.jpg': new InvalidInputError('sigmas', 'is off'),
        },
      },
    )
    expect(exitCode).toBe(1)
    expect(jobs).toHaveLength(4)
    expect(stderr).toBe(
      `error: ${at('a.jpg')}: is not an image\n` +
        `error: ${at('b.jpg')}: the renderer was killed by SIGKILL (out of memory?)\n(SVD_DEBUG=1 shows where it happened)\n` +
        `error: ${at('d.jpg')}: sigmas: is off\n`,
    )
    expect(JSON.parse(stdout).results).toEqual([
      {
        status: 'failed',
        image: at('a.jpg'),
        error: { kind: 'invalid-input', message: `${at('a.jpg')}: is not an image` },
      },
      {
        status: 'failed',
        image: at('b.jpg'),
        error: { kind: 'failure', message: 'the renderer was killed by SIGKILL (out of memory?)' },
      },
      expect.objectContaining({ status: 'succeeded', image: at('c.jpg') }),
      { status: 'failed', image: at('d.jpg'), error: { kind: 'invalid-input', message: 'sigmas: is off' } },
    ])
  })

  test('exits with 2 when every failure is invalid input', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg')
    const failures = { 'a.jpg': new InvalidInputError(at('a.jpg'), 'is not an image') }
    const { exitCode } = await renderCommand([at('a.jpg'), at('b.jpg'), '--output-dir', at('o')], {
      failures,
    })
    expect(exitCode).toBe(2)
  })
})

describe('svd render of four images', () => {
  const FOUR = ['a.jpg', 'b.jpg', 'c.jpg', 'd.jpg'] as const

  const renderFour = async (options: CommandLineOptions = {}) => {
    const { at } = await aFolderOfImages(...FOUR)
    return renderCommand([...FOUR.map(at), '--output-dir', at('videos'), '--json'], options)
  }

  test('renders one image while it prepares the next and finishes the one before', async () => {
    const begun = { prepare: Promise.withResolvers<void>(), finish: Promise.withResolvers<void>() }
    const { exitCode, events } = await renderFour({
      async onStage(stage, image) {
        if (stage === 'prepare' && image === 'c.jpg') begun.prepare.resolve()
        if (stage === 'finish' && image === 'a.jpg') begun.finish.resolve()
        if (stage === 'render' && image === 'b.jpg') {
          await Promise.all([begun.prepare.promise, begun.finish.promise])
        }
      },
    })
    expect(exitCode).toBe(0)
    const rendered = events.indexOf('rendered b.jpg')
    expect(events.indexOf('prepare c.jpg')).toBeLessThan(rendered)
    expect(events.indexOf('finish a.jpg')).toBeLessThan(rendered)
  }, 10_000)

  test('has at most one image in each stage, however long one stage takes', async () => {
    for (const slow of ['prepare', 'render', 'finish'] as const) {
      const { events } = await renderFour({
        // In this time the other stages could write all of their files.
        onStage: async (stage) => {
          for (let turn = 0; turn < (stage === slow ? 100 : 0); turn++) await stat(DEMO_CHECKPOINT)
        },
      })
      const at = (event: string, place: number): number => events.indexOf(`${event} ${FOUR[place]}`)
      for (const place of [0, 1, 2, 3]) {
        if (place > 0) expect(at('prepare', place)).toBeGreaterThan(at('prepared', place - 1))
        if (place > 1) expect(at('prepare', place)).toBeGreaterThan(at('rendered', place - 2))
        if (place > 1) expect(at('render', place)).toBeGreaterThan(at('finished', place - 2))
      }
    }
  })

  test.each<Stage>(['prepare', 'render', 'finish'])(
    'prints the results in the order of the images when two fail in the stage %s',
    async (failAt) => {
      const failures = { 'b.jpg': new Error('no luck'), 'c.jpg': new InvalidInputError('c.jpg', 'is bad') }
      const { exitCode, stdout, stderr, events } = await renderFour({ failures, failAt })
      expect(exitCode).toBe(1)
      expect(stderr).toMatch(/^error: \S+b\.jpg: no luck\n.*\nerror: \S+c\.jpg: c\.jpg: is bad\n$/)
      const { results } = JSON.parse(stdout) as { results: { status: string; image: string }[] }
      expect(results.map(({ status, image }) => `${path.basename(image)} ${status}`)).toEqual([
        ...['a.jpg succeeded', 'b.jpg failed', 'c.jpg failed', 'd.jpg succeeded'],
      ])
      expect(events.filter((event) => /^finished/.test(event))).toEqual(['finished a.jpg', 'finished d.jpg'])
    },
  )

  test('leaves only complete clips at Ctrl-C', async () => {
    const { folder, at } = await aFolderOfImages(...FOUR)
    const controller = new AbortController()
    const { exitCode, stdout, stderr } = await renderCommand(
      [...FOUR.map(at), '--output-dir', at('videos'), '--frames-dir', at('frames')],
      {
        signal: controller.signal,
        onStage: (stage, image) => {
          if (stage === 'finish' && image === 'b.jpg') controller.abort(new InterruptedError('SIGINT'))
        },
      },
    )
    expect({ exitCode, stderr }).toEqual({
      exitCode: 130,
      stderr:
        '1 of 4 clips is complete. Give the same command with --skip-existing to render the others.\n' +
        'error: stopped by SIGINT\n',
    })
    expect(stdout).toMatch(/a\.mp4/)
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      ...[...FOUR, 'frames', 'frames/a', 'frames/a/0000.png'],
      ...['videos', 'videos/a.json', 'videos/a.mp4', 'videos/a.poster.png'],
    ])
  })
})
