import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { decodeUploadedImage } from '../../../../shared/image/uploaded-image.ts'
import { readGolden } from '../../../fixtures/golden.ts'
import { aFolder, pixels, withIngest } from './with-ingest.ts'

const golden = await readGolden('converted-images')

const converted = (name: string): Promise<Buffer> =>
  readFile(new URL(`../../../goldens/images/converted/${name}`, import.meta.url))

describe('svd submit of an image that ingest does not read', () => {
  test('uploads a PNG of the same pixels, adds .png to the key, and prints this', async () => {
    const { at } = await aFolder({
      'cup.avif': await converted('lossless.avif'),
      'jug.TIF': await converted('turned-6.tif'),
    })
    const { run, inputs } = withIngest()
    const args = ['submit', at('cup.avif'), at('jug.TIF'), '--prefix', 'p', '--fps', '9']
    const { exitCode, stdout, stderr } = await run(args)
    expect(exitCode).toBe(0)
    expect(stderr).toBe(
      `${at('cup.avif')}: ingest does not read AVIF; uploads it converted to PNG\n` +
        `${at('jug.TIF')}: ingest does not read TIFF; uploads it converted to PNG\n` +
        `${at('cup.avif')} is at s3://in/images/p/cup.avif.png\n` +
        `${at('jug.TIF')} is at s3://in/images/p/jug.TIF.png\n`,
    )
    expect(stdout).toMatch(/images\/p\/cup\.avif\.png\n.*images\/p\/jug\.TIF\.png\n$/)
    for (const [index, name] of ['lossless.avif', 'turned-6.tif'].entries()) {
      const { contentType, metadata, bytes = new Uint8Array() } = inputs.writes[index] ?? {}
      expect({ contentType, metadata }).toEqual({ contentType: 'image/png', metadata: { 'svd-fps': '9' } })
      const expected = golden.tensor<Uint8Array>(name)
      const image = await decodeUploadedImage(bytes, 'image')
      expect([image.height, image.width, 3]).toEqual(expected.shape)
      expect(image.data).toEqual(expected.data)
    }
  })

  test('prints nothing about the conversion with --quiet, and prints file and key with --json', async () => {
    const { at } = await aFolder({ 'cup.avif': await converted('lossless.avif') })
    const { run } = withIngest()
    const { stdout, stderr } = await run([
      ...['submit', at('cup.avif'), '--prefix', 'p', '--quiet', '--json'],
    ])
    expect(stderr).toBe('')
    expect(Object.values(JSON.parse(stdout))[0]).toMatchObject([
      { file: at('cup.avif'), key: 'images/p/cup.avif.png' },
    ])
  })

  test('uploads nothing when sharp cannot decode one image, and prints a command that converts it', async () => {
    const { at } = await aFolder({
      'good.png': await pixels('png'),
      'cup.heic': await converted('refused-hevc.heic'),
    })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('good.png'), at('cup.heic')])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      `error: ${at('cup.heic')}: is an HEIC, which the installed sharp does not decode; convert it to PNG: ` +
        `sips -s format png ${at('cup.heic')} --out ${at('cup.png')} (macOS), heif-convert `,
    )
    expect(inputs.keys()).toEqual([])
  })

  test('uploads nothing when two files would have the same key', async () => {
    const { at } = await aFolder({
      'cup.avif': await converted('lossless.avif'),
      'cup.avif.png': await pixels('png'),
    })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run([
      'submit',
      at('cup.avif'),
      at('cup.avif.png'),
      '--prefix',
      'p',
      '--quiet',
    ])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr:
        `error: ${at('cup.avif.png')}: would be uploaded as images/p/cup.avif.png, and so would ${at('cup.avif')}; ` +
        'rename one, or submit it on its own\n',
    })
    expect(inputs.keys()).toEqual([])
  })
})

describe('svd submit MANIFEST --images', () => {
  const manifestOf = (image: string): string => JSON.stringify({ items: [{ image }] })

  test('converts a file to the PNG that the manifest names', async () => {
    const { at, folder } = await aFolder({
      'm.json': manifestOf('images/a/cup.avif.png'),
      'a/cup.avif': await converted('lossless.avif'),
    })
    const { run, inputs } = withIngest()
    const { exitCode } = await run(['submit', at('m.json'), '--images', folder, '--prefix', 'p'])
    expect(exitCode).toBe(0)
    expect(inputs.writes[0]).toMatchObject({ key: 'images/a/cup.avif.png', contentType: 'image/png' })
  })

  test('refuses a manifest that names the file itself, and prints the name to use', async () => {
    const { at, folder } = await aFolder({
      'm.json': manifestOf('images/cup.avif'),
      'cup.avif': await converted('lossless.avif'),
    })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('m.json'), '--images', folder])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      `error: ${at('cup.avif')}: is converted to PNG, so the manifest has to name it images/cup.avif.png\n`,
    )
    expect(inputs.keys()).toEqual([])
  })
})
