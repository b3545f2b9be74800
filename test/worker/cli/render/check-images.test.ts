import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { readSourceSize } from '../../../../worker/client/convert/convert-image.ts'
import { sourceFormatOf } from '../../../../worker/client/convert/source-format.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

const NAMES = ['a.jpg', 'b.jpg', 'c.jpg'] as const

/** Three files, of which the second is not an image, and the name of a missing file. */
const threeAndNone = async () => {
  const { folder, at } = await aFolderOfImages(...NAMES)
  await writeFile(at('b.jpg'), 'no image')
  const render = (...options: readonly string[]) =>
    renderCommand([...NAMES.map(at), at('none.jpg'), '--output-dir', at('o'), ...options])
  return { folder, at, render }
}

describe('svd render', () => {
  test('reports faulty images first and in the summary, and renders the others', async () => {
    const { folder, at, render } = await threeAndNone()
    const { exitCode, stdout, stderr, events } = await render()
    expect(exitCode).toBe(2)
    const lines = stderr.replaceAll(folder, 'DIR').trimEnd().split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^error: DIR\/b\.jpg: /),
      'error: DIR/none.jpg: there is no such file; check the path',
    ])
    expect(events.filter((event) => event.startsWith('finished'))).toEqual([
      'finished a.jpg',
      'finished c.jpg',
    ])
    expect(stdout.replaceAll(folder, 'DIR')).toMatch(
      /\n4 clips: 2 rendered, 2 failed: DIR\/b\.jpg, DIR\/none\.jpg\n$/,
    )
    expect((await readdir(at('o'))).filter((name) => name.endsWith('.mp4'))).toEqual(['a.mp4', 'c.mp4'])
  })

  test('lists all images in their order with --json', async () => {
    const { at, render } = await threeAndNone()
    const { stdout } = await render('--json')
    expect(JSON.parse(stdout).results).toMatchObject([
      { status: 'succeeded', image: at('a.jpg') },
      { status: 'failed', image: at('b.jpg'), error: { kind: 'invalid-input' } },
      { status: 'succeeded', image: at('c.jpg') },
      { status: 'failed', image: at('none.jpg'), error: { kind: 'invalid-input' } },
    ])
  })

  test('--strict renders nothing when one image is missing', async () => {
    const { folder, render } = await threeAndNone()
    const { exitCode, stdout, stderr, renderers } = await render('--strict')
    expect({ exitCode, stdout, opened: renderers.opened }).toEqual({ exitCode: 2, stdout: '', opened: 0 })
    expect(stderr.replaceAll(folder, 'DIR')).toMatch(
      /^error: DIR\/none\.jpg: there is no such file; check the path\n--strict: none of the 4 images is rendered, /,
    )
    expect(await readdir(folder)).toEqual([...NAMES])
  })

  test('--strict renders nothing when one image cannot be decoded', async () => {
    const { at } = await threeAndNone()
    const { exitCode, stderr, renderers } = await renderCommand([
      ...[...NAMES.map(at), '--output-dir', at('o'), '--strict'],
    ])
    expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
    expect(stderr).toContain(`${at('b.jpg')}: `)
    expect(stderr).toContain('--strict: none of the 3 images is rendered, because 1 cannot be; ')
  })

  test('opens no renderer when all images are faulty', async () => {
    const { at } = await aFolderOfImages('a.jpg', 'b.jpg')
    for (const name of ['a.jpg', 'b.jpg']) await writeFile(at(name), 'no image')
    const { exitCode, stderr, renderers } = await renderCommand([
      at('a.jpg'),
      at('b.jpg'),
      '--output-dir',
      at('o'),
    ])
    expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
    expect(stderr.split('\n').filter((line) => /[ab]\.jpg: /.test(line))).toHaveLength(2)
    expect(stderr).not.toContain('--strict')
  })
})

test.each([
  ['AVIF', 'lossless.avif'],
  ['TIFF', 'rgb.tiff'],
])(
  'svd render refuses an %s with a whole header and truncated pixels before it loads the model',
  async (format, name) => {
    const { folder, at } = await aFolderOfImages('a.png')
    const whole = await readFile(new URL(`../../../goldens/images/converted/${name}`, import.meta.url))
    const cut = whole.subarray(0, -500)
    expect(await readSourceSize(cut, sourceFormatOf(cut) ?? expect.fail(), name)).toEqual({
      ...{ width: 37, height: 29 },
    })
    await writeFile(at(name), cut)
    const { exitCode, stderr, renderers } = await renderCommand([
      ...[at('a.png'), at(name), '--output-dir', at('o'), '--strict', '--size', 'auto'],
    ])
    expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
    expect(stderr.replaceAll(folder, 'DIR')).toContain(
      `error: DIR/${name}: is a damaged or cut-off ${format}, or of a kind that cannot be read `,
    )
    expect((await readdir(folder)).sort()).toEqual(['a.png', name])
  },
)

test('svd render refuses two images with the same output name before it renders', async () => {
  const { at } = await aFolderOfImages('a.jpg', 'a.png')
  const { exitCode, stderr, renderers } = await renderCommand([
    at('a.jpg'),
    at('a.png'),
    '--output-dir',
    at('o'),
  ])
  expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
  expect(stderr).toContain('would both become a.mp4')
})
