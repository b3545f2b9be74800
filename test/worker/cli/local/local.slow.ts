import { on } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test } from 'vitest'
import { pipelineEventSchema } from '../../../../shared/contracts/pipeline-event.ts'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
const SVD = inRepository('worker/cli/svd.ts')
const PHOTO = inRepository('worker/demo-samples/rocket.png')

const aFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-local-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('svd local renders an image of svd submit, delivers its event, and exits with 0 at Ctrl-C', async () => {
  const [videos, downloads] = [await aFolder(), await aFolder()]
  const events = path.join(downloads, 'events.jsonl')
  const heard = path.join(downloads, 'heard.jsonl')
  const receives = ['--events', events, '--on-event', `sleep 1; cat >> '${heard}'`]
  const local = execa(process.execPath, [SVD, 'local', '--port', '0', '--output-dir', videos, ...receives], {
    reject: false,
  })
  onTestFinished(() => void local.kill('SIGKILL'))
  const environment: Record<string, string> = {}
  let told = ''
  for await (const chunk of on(local.stdout, 'data')) {
    told += chunk
    if (told.includes('Ctrl-C ends it.')) break
  }
  for (const [, name, value] of told.matchAll(/^ {2}export (\w+)=(.+)$/gm)) environment[name!] = value!

  const small = [
    '--num-frames',
    '2',
    '--num-inference-steps',
    '10',
    '--wait',
    '--quiet',
    '--download',
    downloads,
    '--json',
    '--context',
    '{"order": 7}',
  ]
  const submit = await execa(process.execPath, [SVD, 'submit', PHOTO, ...small], {
    env: environment,
    reject: false,
  })
  const sheet = path.join(downloads, 'sheet.html')
  const report = await execa(process.execPath, [SVD, 'report', '--output', sheet], {
    env: environment,
    reject: false,
  })
  local.kill('SIGINT')
  const { exitCode } = await local
  const clip = (await readdir(downloads)).find((name) => name.endsWith('.mp4')) ?? ''
  const show = await execa(process.execPath, [SVD, 'show', path.join(downloads, clip), '--json'], {
    reject: false,
  })

  expect(submit.stderr).toBe('')
  expect([submit.exitCode, report.exitCode, exitCode]).toEqual([0, 0, 0])
  const names = (await readdir(downloads)).filter((name) => name.endsWith('.mp4'))
  expect(names).toEqual([expect.stringMatching(/^rocket-[0-9a-f]{8}\.mp4$/)])
  expect((await readdir(videos)).filter((name) => name.endsWith('.mp4'))).toEqual(names)
  expect(await readFile(path.join(videos, names[0]!))).toEqual(
    await readFile(path.join(downloads, names[0]!)),
  )
  expect(JSON.parse(show.stdout)).toMatchObject({
    found_in: 'metadata',
    metadata: {
      image: { name: 'rocket.png' },
      parameters: { num_frames: 2, num_inference_steps: 10 },
      job_id: expect.stringMatching(`^${clip.slice('rocket-'.length, -'.mp4'.length)}`),
    },
  })
  expect(await readFile(sheet, 'utf8')).toContain('rocket.png')
  const lines = (await readFile(events, 'utf8')).trim().split('\n')
  expect(lines.map((line) => pipelineEventSchema.parse(JSON.parse(line)))).toMatchObject([
    { type: 'request.ended', state: 'succeeded', context: { order: 7 }, outputs: [{ frames: 2 }] },
  ])
  // The command of --on-event ran to its end, although svd local received SIGINT before.
  expect(await readFile(heard, 'utf8')).toBe(await readFile(events, 'utf8'))
})
