import { describe, expect, test } from 'vitest'
import { aFolder, jobOf, pixels, withIngest } from './with-ingest.ts'

describe('svd submit MANIFEST', () => {
  const manifest = JSON.stringify({ items: [{ image: 'images/a/cup.png' }, { image: 'images/cat.jpg' }] })

  test('uploads the manifest, and prints each of its jobs once', async () => {
    const { at } = await aFolder({ 'motion.json': manifest })
    const jobs = [
      jobOf('images/a/cup.png'),
      jobOf('images/cat.jpg', { done_before: true }),
      jobOf('images/a/cup.png'),
    ]
    const { run, inputs } = withIngest({ says: () => ({ jobs }) })
    const { exitCode, stdout } = await run([
      'submit',
      at('motion.json'),
      '--prefix',
      'p',
      '--json',
      '--quiet',
    ])
    expect(exitCode).toBe(0)
    expect(inputs.keys()).toEqual(['manifests/p/motion.json'])
    expect(JSON.parse(stdout).jobs).toEqual([
      {
        ...{ job_id: jobs[0]?.job_id, image: 'images/a/cup.png', videos: [] },
        ...{ done_before: false, job: null, files: [] },
      },
      {
        ...{ job_id: jobs[1]?.job_id, image: 'images/cat.jpg', videos: [] },
        ...{ done_before: true, job: null, files: [] },
      },
    ])
  })

  test('uploads the images of the manifest first, with the metadata svd-use=manifest', async () => {
    const { at, folder } = await aFolder({
      'motion.json': manifest,
      'a/cup.png': await pixels('png'),
      'cat.jpg': await pixels('jpeg'),
      'not-named.png': await pixels('png'),
    })
    const { run, inputs } = withIngest()
    expect(await run(['submit', at('motion.json'), '--images', folder, '--prefix', 'p'])).toMatchObject({
      exitCode: 0,
    })
    expect(inputs.writes.map(({ key, metadata }) => [key, metadata])).toEqual([
      ['images/a/cup.png', { 'svd-use': 'manifest' }],
      ['images/cat.jpg', { 'svd-use': 'manifest' }],
      ['manifests/p/motion.json', {}],
    ])
  })

  test.each([
    ['broken JSON', '{"items": [', /motion\.json: document: /],
    ['a manifest without items', '{}', /motion\.json: items: is absent/],
    [
      'faulty items, and prints all their faults',
      JSON.stringify({
        items: [{ image: 'https://x/y.png' }, { image: 'images/a.png', parameters: { fps: 0 } }],
      }),
      /items\[0\]\.image: got .*, a URL; .*\n.*motion\.json: items\[1\]\.parameters\.fps: got 0; must be/,
    ],
    [
      'default steps that contradict the sigmas of an item',
      JSON.stringify({
        defaults: { num_inference_steps: 4 },
        items: [{ image: 'images/a.png', grid: { sigmas: ['align-your-steps'] } }],
      }),
      /motion\.json: defaults\.num_inference_steps: got 4, and items\[0\]\.grid\.sigmas is 'align-your-steps', /,
    ],
    [
      'two items with the same id',
      JSON.stringify({
        items: [
          { image: 'images/a.png', id: 'cup' },
          { image: 'images/b.png', id: 'cup' },
        ],
      }),
      /motion\.json: items\[1\]\.id: got 'cup', which item 1 has too/,
    ],
    [
      'a manifest of more than 10,000 clips',
      JSON.stringify({
        grid: { seed: Array.from({ length: 5_001 }, (_, seed) => seed) },
        items: [{ image: 'images/a.png' }, { image: 'images/b.png' }],
      }),
      /motion\.json: items: make 10002 clips together; at most 10000 are accepted \(svd:maxManifestClips\), so split it/,
    ],
  ])('uploads nothing for %s', async (_, content, message) => {
    const { at } = await aFolder({ 'motion.json': content })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('motion.json')])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(message)
    expect(inputs.keys()).toEqual([])
  })

  test('prints the line of a fault in a JSONL manifest', async () => {
    const { at } = await aFolder({
      'motion.jsonl': '{"image":"images/a.png"}\n\n{"image":"images/b.png","seed":1}\n',
    })
    const { run } = withIngest()
    expect((await run(['submit', at('motion.jsonl')])).stderr).toContain('motion.jsonl: line 3, seed: ')
  })

  test('uploads nothing when the folder lacks an image of the manifest', async () => {
    const { at, folder } = await aFolder({ 'motion.json': manifest, 'a/cup.png': await pixels('png') })
    const { run, inputs } = withIngest()
    const { exitCode, stderr } = await run(['submit', at('motion.json'), '--images', folder])
    expect(exitCode).toBe(2)
    expect(stderr).toContain(
      `--images: there is no ${at('cat.jpg')}, which the manifest names as images/cat.jpg`,
    )
    expect(inputs.keys()).toEqual([])
  })

  test('refuses parameters and --context, which belong into the manifest', async () => {
    const { at } = await aFolder({ 'motion.json': manifest })
    const { run } = withIngest()
    expect((await run(['submit', at('motion.json'), '--fps', '7'])).stderr).toContain(
      'write parameters as its "defaults"',
    )
    expect((await run(['submit', at('motion.json'), '--context', '{"order": 7}'])).stderr).toContain(
      'write it as its "context"',
    )
  })

  test('prints the accepted jobs and the faults, and exits with 2, when ingest accepts only part', async () => {
    const { at } = await aFolder({ 'motion.json': manifest })
    const fault = {
      item: 2,
      line: null,
      item_id: null,
      field: 'items[1].image',
      message: 'there is no such image',
    }
    const { run } = withIngest({ says: () => ({ state: 'partly', faults: [fault], more_faults: 3 }) })
    const { exitCode, stdout, stderr } = await run(['submit', at('motion.json'), '--quiet'])
    expect(exitCode).toBe(2)
    expect(stdout).toMatch(/^[0-9a-f]{32} {2}s3:/)
    expect(stderr).toContain('items[1].image: there is no such image\n')
    expect(stderr).toContain('3 more faults\n')
  })
})
