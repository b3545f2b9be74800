import { readFile, rm, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { aPng } from '../../../fixtures/images.ts'
import { DEMO_CHECKPOINT } from '../a-command-line.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

const NAMES = ['a.jpg', 'b.jpg', 'c.jpg'] as const

/** Three images whose clips are in `o`. */
const threeRendered = async (...options: readonly string[]) => {
  const { folder, at } = await aFolderOfImages(...NAMES)
  const args = [...NAMES.map(at), '--output-dir', at('o')]
  expect(await renderCommand([...args, ...options])).toMatchObject({ exitCode: 0 })
  const again = (...more: readonly string[]) => renderCommand([...args, '--skip-existing', ...more])
  return { folder, at, again }
}

const imagesOf = ({ events }: { readonly events: readonly string[] }): readonly string[] =>
  events.filter((event) => event.startsWith('render ')).map((event) => event.slice('render '.length))

describe('svd render --skip-existing', () => {
  test('opens no renderer when all clips exist and would be the same', async () => {
    const { folder, again } = await threeRendered()
    const { exitCode, stdout, stderr, renderers } = await again()
    expect({ exitCode, stderr, opened: renderers.opened }).toEqual({ exitCode: 0, stderr: '', opened: 0 })
    expect(stdout.replaceAll(folder, 'DIR')).toBe(
      ['a', 'b', 'c'].map((name) => `DIR/o/${name}.mp4  is there already, and would be the same\n`).join('') +
        '3 clips: 0 rendered, 3 skipped\n',
    )
  })

  test('renders only the clips that are missing', async () => {
    const { at, again } = await threeRendered()
    const before = await readFile(at('o/b.mp4'))
    await rm(at('o/b.mp4'))
    const result = await again('--json')
    expect(imagesOf(result)).toEqual(['b.jpg'])
    expect(await readFile(at('o/b.mp4'))).toEqual(before)
    const { results } = JSON.parse(result.stdout)
    expect(results).toMatchObject([
      {
        status: 'skipped',
        image: at('a.jpg'),
        videos: [{ path: at('o/a.mp4'), frames: 14, record: at('o/a.json') }],
      },
      { status: 'succeeded', image: at('b.jpg') },
      { status: 'skipped', image: at('c.jpg') },
    ])
  })

  test('skips a clip whose image has another name and format now', async () => {
    const { at } = await aFolderOfImages('a.jpg')
    await renderCommand([at('a.jpg'), '--output', at('o/clip.mp4')])
    await writeFile(at('renamed.png'), await readFile(at('a.jpg')))
    const args = [at('renamed.png'), '--output', at('o/clip.mp4'), '--skip-existing']
    expect(await renderCommand(args)).toMatchObject({ exitCode: 0, jobs: [] })
  })

  test('renders a clip again when one of its videos or frames is missing', async () => {
    const { at } = await aFolderOfImages('a.jpg')
    const args = [at('a.jpg'), '--output', at('o/a.mp4'), '--num-videos-per-prompt', '2', '--num-frames', '1']
    const frames = ['--frames-dir', at('frames')]
    await renderCommand([...args, ...frames])
    expect(await renderCommand([...args, ...frames, '--skip-existing'])).toMatchObject({ jobs: [] })
    await rm(at('frames/a-1/0000.png'))
    expect((await renderCommand([...args, ...frames, '--skip-existing'])).jobs).toHaveLength(1)
    await rm(at('o/a-1.mp4'))
    expect((await renderCommand([...args, '--skip-existing'])).jobs).toHaveLength(1)
  })
})

describe('svd render --skip-existing before its first clip', () => {
  const refused = async (
    { folder, again }: Awaited<ReturnType<typeof threeRendered>>,
    ...options: readonly string[]
  ): Promise<string> => {
    const { exitCode, stderr, renderers } = await again(...options)
    expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
    const [head, ...lines] = stderr.replaceAll(folder, 'DIR').trimEnd().split('\n')
    expect(head).toBe('error: --skip-existing: these clips are there, and not what this command makes:')
    expect(lines.pop()).toBe(
      'Nothing was rendered. Give --overwrite to render them again, or another --output-dir.',
    )
    return lines.join('\n')
  }

  test('refuses clips with other parameters', async () => {
    const rendered = await threeRendered('--seed', '1')
    await rm(rendered.at('o/c.mp4'))
    expect(await refused(rendered, '--seed', '7', '--size', '256x128')).toBe(
      'DIR/o/a.mp4: width 192, now 256; seed 1, now 7\nDIR/o/b.mp4: width 192, now 256; seed 1, now 7',
    )
  })

  test('refuses a clip of another image with the same name', async () => {
    const rendered = await threeRendered()
    await writeFile(rendered.at('b.jpg'), await aPng({ width: 192, height: 128, seed: 99 }))
    expect(await refused(rendered)).toMatch(
      /^DIR\/o\/b\.mp4: image pixels [0-9a-f]{12}, now pixels [0-9a-f]{12}$/,
    )
  })

  test.each([
    ['svd_batch', '0.0.9', 'svd-batch 0.0.9, now 0.1.0'],
    ['execution_provider', 'cuda', 'device cuda, now cpu'],
    ['precision', 'fp16', 'precision fp16, now fp32'],
    ['model', { id: 'demo', sha256: '0'.repeat(64) }, /^model demo 000000000000, now demo [0-9a-f]{12}$/],
    ['fallback_decode', true, 'fallback decode true, now false'],
  ])('refuses a clip with another %s', async (key, value, difference) => {
    const rendered = await threeRendered()
    const file = rendered.at('o/a.json')
    await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, 'utf8')), [key]: value }))
    const text = (await refused(rendered)).replace('DIR/o/a.mp4: ', '')
    if (typeof difference === 'string') expect(text).toBe(difference)
    else expect(text).toMatch(difference)
  })

  test('refuses a clip without a record', async () => {
    const rendered = await threeRendered()
    await rm(rendered.at('o/a.json'))
    expect(await refused(rendered)).toBe('DIR/o/a.mp4: has no record, a.json, beside it')
  })

  test('refuses a clip whose video or poster differs from its record', async () => {
    const rendered = await threeRendered()
    await writeFile(rendered.at('o/a.mp4'), 'edited')
    await rm(rendered.at('o/b.poster.png'))
    expect(await refused(rendered)).toBe(
      'DIR/o/a.mp4: a.mp4 is not the file that the record lists\nDIR/o/b.mp4: b.poster.png is missing',
    )
  })
})

test('--skip-existing with --overwrite renders only the clips that would not be the same', async () => {
  const { at, again } = await threeRendered()
  await writeFile(at('o/a.mp4'), 'edited')
  const result = await again('--overwrite')
  expect(result.exitCode).toBe(0)
  expect(imagesOf(result)).toEqual(['a.jpg'])
  expect(result.stdout).toMatch(/^3 clips: 1 rendered, 2 skipped$/m)
  expect(await readFile(at('o/a.mp4'), 'utf8')).toMatch(/^video/)
})

test('--overwrite without --skip-existing is refused', async () => {
  const { at } = await aFolderOfImages('a.jpg')
  const { exitCode, stderr, renderers } = await renderCommand([
    ...[at('a.jpg'), '--output', at('o/a.mp4'), '--overwrite'],
  ])
  expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
  expect(stderr).toBe(
    'error: --overwrite: is for clips that --skip-existing compares; leave it out, because clips that are there are ' +
      'replaced anyway, or give --skip-existing too\n',
  )
})

test('svd render without --skip-existing renders existing clips again', async () => {
  const { at } = await threeRendered()
  const { jobs } = await renderCommand([...NAMES.map(at), '--output-dir', at('o'), '--seed', '7'])
  expect(jobs).toHaveLength(3)
})

test('--skip-existing together with --no-metadata is refused', async () => {
  const { at } = await aFolderOfImages('a.jpg')
  const args = [at('a.jpg'), '--output', at('a.mp4'), '--skip-existing', '--no-metadata']
  expect(await renderCommand(args)).toMatchObject({
    exitCode: 2,
    stderr:
      'error: --skip-existing: cannot go with --no-metadata, because it compares clips by their records; give one of them\n',
  })
})

describe('svd render after Ctrl-C', () => {
  const stopAtB = async (...options: readonly string[]) => {
    const { at } = await aFolderOfImages(...NAMES)
    const controller = new AbortController()
    const args = [...NAMES.map(at), '--output-dir', at('o')]
    const stopped = await renderCommand([...args, ...options], {
      signal: controller.signal,
      onStage: (stage, image) => {
        if (stage === 'finish' && image === 'b.jpg') controller.abort(new InterruptedError('SIGINT'))
      },
    })
    return { at, args, stopped }
  }

  test('suggests --skip-existing, which renders only the other clips', async () => {
    const { args, stopped } = await stopAtB()
    expect(stopped).toMatchObject({
      exitCode: 130,
      stderr:
        '1 of 3 clips is complete. Give the same command with --skip-existing to render the others.\n' +
        'error: stopped by SIGINT\n',
    })
    const resumed = await renderCommand([...args, '--skip-existing'])
    expect(resumed.exitCode).toBe(0)
    expect(imagesOf(resumed)).toEqual(['b.jpg', 'c.jpg'])
  })

  test('prints with --no-metadata that the same command renders all clips again', async () => {
    const { stopped } = await stopAtB('--no-metadata')
    expect(stopped.stderr).toBe(
      '1 of 3 clips is complete. --no-metadata leaves no record of them, so the same command renders all again.\n' +
        'error: stopped by SIGINT\n',
    )
  })
})

test('--skip-existing accepts another path of the same checkpoint', async () => {
  const { again } = await threeRendered()
  expect(await again('--checkpoint', `${DEMO_CHECKPOINT}/../demo`)).toMatchObject({ exitCode: 0, jobs: [] })
})
