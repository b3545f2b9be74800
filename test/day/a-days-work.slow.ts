import { createHash } from 'node:crypto'
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MOTIONS, writeFortyImages } from './forty-images.ts'
import { killHard, type SvdProcess, startLocal, startSvd, untilPrinted } from './svd-process.ts'

/*
 * The day of a studio: forty images with four motions, a crash of the pipeline and one of the download, one clip again
 * with another seed, everything in several formats, and the page. Each test needs the tests before it. With
 * SVD_DAY_FOLDER the files stay there, with a transcript of the commands.
 */

const keep = process.env['SVD_DAY_FOLDER']
let folder = ''
let local: SvdProcess | null = null
let environment: Readonly<Record<string, string>> = {}
const at = (...names: readonly string[]): string => path.join(folder, ...names)

const note = async (text: string): Promise<void> => {
  await appendFile(at('transcript.txt'), text.replaceAll(folder, 'DAY'))
}

/** Runs a command to its end. Its output goes into the transcript. */
const svd = async (...args: readonly string[]) => {
  const { exitCode, stdout, stderr } = await startSvd(args, environment)
  await note(`$ svd ${args.join(' ')}\n${stderr}${stderr === '' ? '' : '\n'}${stdout}\n[${exitCode}]\n\n`)
  return { exitCode, stdout, stderr }
}

const openDay = async (): Promise<string> => {
  const args = ['--data-dir', at('data'), '--events', at('events.jsonl')]
  const opened = await startLocal(args)
  local = opened.running
  environment = opened.environment
  const found = /^In .*$|^.* is new\.$/m.exec(opened.told)?.[0] ?? ''
  await note(`$ svd local ${args.join(' ')}\n${found}\n\n`)
  return found
}

const hashesIn = async (...names: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const files = (await readdir(at(...names))).filter((file) => file.endsWith('.mp4')).sort()
  const hash = async (file: string): Promise<[string, string]> => [
    file,
    createHash('sha256')
      .update(await readFile(at(...names, file)))
      .digest('hex'),
  ]
  return new Map(await Promise.all(files.map(hash)))
}

/** Job ids of the events that say that a request has ended, in their order. */
const endedJobs = async (): Promise<readonly string[]> =>
  (await readFile(at('events.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string; readonly job_id?: string })
    .flatMap(({ type, job_id }) => (type === 'request.ended' && job_id !== undefined ? [job_id] : []))

const NAME = '{item_id}-{motion_bucket_id}-{seed}'
const downloadCommand = (): readonly string[] => [
  ...['download', '--manifest', 'products.json', '--to', at('clips'), '--name', NAME],
]
let ids: readonly string[] = []
const expectedNames = (): readonly string[] =>
  ids.map((id, index) => `${id}-${MOTIONS[Math.floor(index / 10)]}-1.mp4`)

beforeAll(async () => {
  folder = keep ?? (await mkdtemp(path.join(tmpdir(), 'svd-day-')))
  ids = await writeFortyImages(at('images', 'products'), at('products.json'))
})

afterAll(async () => {
  local?.kill('SIGKILL')
  await local
  if (keep === undefined) await rm(folder, { recursive: true, force: true })
})

describe('on a day with forty images', () => {
  test('one svd submit uploads all images and lists forty jobs', async () => {
    expect(await openDay()).toMatch(/ is new\.$/)
    const { exitCode, stdout } = await svd('submit', at('products.json'), '--images', at('images'), '--quiet')
    expect([exitCode, stdout.match(/^[0-9a-f]{8}/gm)?.length]).toEqual([0, 40])
  })

  test('svd download leaves at least five clips when it is killed', async () => {
    const args = downloadCommand()
    const download = startSvd(args, environment)
    await untilPrinted(download, (text) => text.split('\n').length > 5)
    await killHard(download)
    await note(`$ svd ${args.join(' ')}\n[killed]\n\n`)
    const downloaded = await hashesIn('clips')
    expect(downloaded.size).toBeGreaterThanOrEqual(5)
    expect(downloaded.size).toBeLessThan(40)
  })

  test('svd local continues after kill -9, each job ends once, and svd download completes the clips', async () => {
    if (local !== null) await killHard(local)
    await note('[svd local is killed]\n\n')
    expect(await openDay()).toMatch(/^In /)
    const before = await hashesIn('clips')
    const { exitCode } = await svd(...downloadCommand())
    const clips = await hashesIn('clips')
    expect(exitCode).toBe(0)
    expect([...clips.keys()]).toEqual(expectedNames())
    for (const [file, hash] of before) expect([file, clips.get(file)]).toEqual([file, hash])
    const ended = await endedJobs()
    expect([ended.length, new Set(ended).size]).toEqual([40, 40])
  })

  test('a second svd download keeps all clips and fetches none', async () => {
    const { exitCode, stdout } = await svd(...downloadCommand(), '--json')
    const { files } = JSON.parse(stdout) as { readonly files: readonly { readonly outcome: string }[] }
    expect([exitCode, files.map(({ outcome }) => outcome)]).toEqual([0, Array.from(ids, () => 'kept')])
  })

  test('svd batches counts forty succeeded jobs and no failed job', async () => {
    const { stdout } = await svd('batches', '--json')
    const { batches } = JSON.parse(stdout) as { readonly batches: readonly object[] }
    expect(batches[0]).toMatchObject({ succeeded: 40, failed: 0 })
  })

  test('svd rerun makes one clip with another seed, which its file name contains', async () => {
    const { stdout } = await svd('status', '--manifest', 'products.json', '--json')
    const [first] = (JSON.parse(stdout) as { readonly jobs: readonly { readonly job_id: string }[] }).jobs
    const args = ['--seed', '7', '--download', at('again'), '--name', '{image}-{seed}']
    const { exitCode } = await svd('rerun', first?.job_id ?? '', ...args)
    expect(exitCode).toBe(0)
    expect([...(await hashesIn('again')).keys()]).toEqual(['product-01-7.mp4'])
  })

  test('svd submit downloads one clip in each of five formats', async () => {
    const small = ['--num-frames', '4', '--num-inference-steps', '4', '--max-pixels', '16384']
    const formats = ['--format', 'mp4,webm,gif,prores,png', '--loop', '--download', at('formats')]
    const { exitCode } = await svd('submit', at('images', 'products', 'product-03.png'), ...small, ...formats)
    const endings = (await readdir(at('formats'))).map((file) => path.extname(file)).sort()
    expect([exitCode, endings]).toEqual([0, ['.gif', '.json', '.mov', '.mp4', '.webm', '.zip']])
  })

  test('svd report writes a contact sheet that names every image', async () => {
    const { exitCode } = await svd(
      'report',
      '--manifest',
      'products.json',
      '--output',
      at('page.html'),
      '--link',
    )
    const page = await readFile(at('page.html'), 'utf8')
    expect(exitCode).toBe(0)
    for (const id of ids) expect(page).toContain(`${id}.png`)
  })

  test('svd local ends at Ctrl-C, and its next start finds no waiting job', async () => {
    local?.kill('SIGINT')
    await local
    expect(await openDay()).toContain('0 jobs waiting, 42 ended')
  })
})
