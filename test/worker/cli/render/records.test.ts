import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parseClipRecord } from '../../../../shared/contracts/clip-record.ts'
import { hashPixels } from '../../../../shared/contracts/job-id.ts'
import { decodeImage } from '../../../../shared/image/decode-image.ts'
import { describeModel } from '../../../../worker/models/describe-model.ts'
import { someParameters } from '../../../fixtures/a-job-message.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { DEMO_CHECKPOINT } from '../a-command-line.ts'
import { aFolderOfImages, renderCommand } from './render-command.ts'

const fileOf = async (file: string, name: string) => {
  const bytes = await readFile(file)
  return { name, size_bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

describe('the record beside a clip', () => {
  test('has image, model, parameters, program and files, but no folders or times', async () => {
    const { folder, at } = await aFolderOfImages('cup.jpg')
    const args = [at('cup.jpg'), '--output', at('o/clip.mp4'), '--seed', '18446744073709551615']
    await renderCommand([...args, '--num-inference-steps', '4'])
    const text = await readFile(at('o/clip.json'), 'utf8')
    const { sha256 } = await describeModel(DEMO_CHECKPOINT, { modelId: 'demo', variant: null }, unaborted)
    expect(parseClipRecord(text)).toEqual({
      svd_batch: '0.1.0',
      version: 1,
      image: {
        name: 'cup.jpg',
        pixels_sha256: hashPixels(await decodeImage(await readFile(at('cup.jpg')), 'cup')),
      },
      model: { id: 'demo', sha256 },
      parameters: { ...someParameters, seed: '18446744073709551615' },
      video: 0,
      decode_chunk_size: 14,
      fallback_decode: false,
      execution_provider: 'cpu',
      precision: 'fp32',
      job_id: null,
      frames: 14,
      files: [
        await fileOf(at('o/clip.mp4'), 'clip.mp4'),
        await fileOf(at('o/clip.poster.png'), 'clip.poster.png'),
      ],
    })
    expect(text).not.toContain(folder)
  })

  test('is the same text for the same command', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    for (const output of ['a/clip.mp4', 'b/clip.mp4'])
      await renderCommand([at('cup.jpg'), '--output', at(output)])
    expect(await readFile(at('a/clip.json'), 'utf8')).toBe(await readFile(at('b/clip.json'), 'utf8'))
  })

  test('exists for each video of an image', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    await renderCommand([at('cup.jpg'), '--output', at('o/c.mp4'), '--num-videos-per-prompt', '2'])
    const records = await Promise.all(['c-0', 'c-1'].map((name) => readFile(at(`o/${name}.json`), 'utf8')))
    expect(records.map((text) => parseClipRecord(text)?.video)).toEqual([0, 1])
    expect(records.map((text) => parseClipRecord(text)?.files[0]?.name)).toEqual(['c-0.mp4', 'c-1.mp4'])
  })
})

describe('svd render --no-metadata', () => {
  test('writes no record, and prints a null record with --json', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const args = [at('cup.jpg'), '--output', at('o/cup.mp4'), '--no-metadata', '--json']
    const { exitCode, stdout } = await renderCommand(args)
    expect(exitCode).toBe(0)
    expect(await readdir(at('o'))).toEqual(['cup.mp4', 'cup.poster.png'])
    expect(JSON.parse(stdout)).toMatchObject({ parameters: { metadata: false }, videos: [{ record: null }] })
  })

  test('removes the record of the clip that it replaces', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    const args = [at('cup.jpg'), '--output', at('o/cup.mp4')]
    await renderCommand(args)
    await renderCommand([...args, '--no-metadata'])
    expect(await readdir(at('o'))).toEqual(['cup.mp4', 'cup.poster.png'])
  })

  test('keeps a sidecar that has the name of the record', async () => {
    const { at } = await aFolderOfImages('cup.jpg')
    await writeFile(at('cup.json'), '{"fps": 12}')
    const { exitCode } = await renderCommand([at('cup.jpg'), '--output', at('cup.mp4'), '--no-metadata'])
    expect(exitCode).toBe(0)
    expect(await readFile(at('cup.json'), 'utf8')).toBe('{"fps": 12}')
  })
})

test('svd render refuses to replace a sidecar by a record before it renders', async () => {
  const { folder, at } = await aFolderOfImages('cup.jpg')
  await writeFile(at('cup.json'), '{"fps": 12}')
  const { exitCode, stderr, renderers } = await renderCommand([at('cup.jpg'), '--output-dir', folder])
  expect({ exitCode, opened: renderers.opened }).toEqual({ exitCode: 2, opened: 0 })
  expect(stderr.replaceAll(folder, 'DIR')).toBe(
    'error: --output-dir: DIR/cup.json is there and is not the record of a clip, and the record of cup.mp4 has that name; ' +
      'choose another folder or name, or write none with --no-metadata\n',
  )
  expect(await readFile(at('cup.json'), 'utf8')).toBe('{"fps": 12}')
})
