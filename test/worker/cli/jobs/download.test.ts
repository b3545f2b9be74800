import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseClipRecord } from '../../../../shared/contracts/clip-record.ts'
import type { ParametersDocument } from '../../../../shared/contracts/parameters-document.ts'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { jobIdLike } from '../../../fixtures/a-job-message.ts'
import { aFailure, anIngestReport, anOutput, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { type FakeServicesOptions, fakeServices } from '../fake-services.ts'

const [A, B, C] = [jobIdLike('aa'), jobIdLike('bb'), jobIdLike('cc')]

/** A pipeline, a folder to download to, and jobs that end when a test ends them. */
const aPipeline = async (options: FakeServicesOptions = {}) => {
  const setup = fakeServices(options)
  const folder = path.join(await temporaryDir(), 'videos')
  const succeed = async (
    jobId: string,
    video = `video of ${jobId.slice(0, 2)}`,
    parameters: Partial<ParametersDocument> = {},
  ) => {
    const output = anOutput(jobId, video)
    await setup.put(output.video.key, Buffer.from(video), 'video/mp4')
    await setup.put(output.poster.key, Buffer.from('poster'), 'image/png')
    await setup.putResult(aResult({ jobId, outputs: [output], parameters }))
    return output.video.key
  }
  const itemOf = (job_id: string, item: number, item_id: string | null) => ({
    ...{ job_id, item, item_id, image: 'images/cup.png', videos: [], done_before: false },
  })
  return {
    ...{ setup, folder, succeed, itemOf },
    /** Names of the files, without the records of clips. */
    names: async () => (await readdir(folder)).filter((name) => !name.endsWith('.json')).toSorted(),
    read: (name: string) => readFile(path.join(folder, name), 'utf8'),
    place: async (name: string, content: string) => {
      await mkdir(folder, { recursive: true })
      await writeFile(path.join(folder, name), content)
    },
    download: (...args: readonly string[]) => setup.run(['download', ...args, '--to', folder]),
  }
}

describe('svd download', () => {
  test('downloads each clip as soon as its job has succeeded', async () => {
    const pipeline = await aPipeline({
      async whileAsleep(sleep) {
        if (sleep === 1) await pipeline.succeed(B)
        if (sleep === 2) seen.push(...(await pipeline.names()))
        if (sleep === 3) await pipeline.succeed(C)
        if (sleep > 3) throw new Error('waits for jobs that have ended')
      },
    })
    const seen: string[] = []
    const { setup, folder, download, names, read, succeed } = pipeline
    await succeed(A)
    for (const jobId of [B, C]) await setup.putStatus(aStatus({ jobId }))

    const { exitCode, stdout, stderr } = await download(A, B, C)

    expect(exitCode).toBe(0)
    expect(stdout).toBe(
      ['aa', 'bb', 'cc'].map((id) => `${path.join(folder, `cup-${id}000000.mp4`)}\n`).join(''),
    )
    expect(seen).toEqual(['cup-aa000000.mp4', 'cup-bb000000.mp4'])
    expect(await names()).toEqual(['cup-aa000000.mp4', 'cup-bb000000.mp4', 'cup-cc000000.mp4'])
    expect(await read('cup-bb000000.mp4')).toBe('video of bb')
    expect(stderr).toMatch(/\n3 files downloaded \(33 B\)\n$/)
  })

  test('downloads only missing clips, and keeps files that are equal', async () => {
    const { setup, folder, succeed, download } = await aPipeline()
    const key = await succeed(A)
    await succeed(B)
    await download(A)
    await setup.outputs.delete(key, new AbortController().signal)

    const { exitCode, stdout, stderr } = await download(A, B)

    expect(exitCode).toBe(0)
    expect(stdout).toBe(
      `${path.join(folder, 'cup-aa000000.mp4')}  (there already)\n${path.join(folder, 'cup-bb000000.mp4')}\n`,
    )
    expect(stderr).toBe('1 file downloaded (11 B), 1 was there and equal\n')
  })

  test('refuses a file that differs, before it downloads anything', async () => {
    const { folder, succeed, download, place, names, read } = await aPipeline()
    await succeed(A)
    await succeed(B)
    await place('cup-bb000000.mp4', 'video of me')

    const { exitCode, stderr } = await download(A, B)

    expect(exitCode).toBe(2)
    const file = path.join(folder, 'cup-bb000000.mp4')
    expect(stderr).toBe(
      `error: --to: ${file} exists and differs from the clip; give --overwrite to replace it, or another folder or --name\n`,
    )
    expect(await names()).toEqual(['cup-bb000000.mp4'])
    expect(await read('cup-bb000000.mp4')).toBe('video of me')
  })

  test('keeps a file that differs when its job ends during the wait, and downloads the other clips', async () => {
    const pipeline = await aPipeline({
      async whileAsleep() {
        await pipeline.succeed(B)
        await pipeline.succeed(A)
      },
    })
    const { setup, download, place, names, read } = pipeline
    for (const jobId of [A, B]) await setup.putStatus(aStatus({ jobId }))
    await place('cup-bb000000.mp4', 'video of me')

    const { exitCode, stderr } = await download(A, B)

    expect(exitCode).toBe(1)
    expect(stderr).toContain('cup-bb000000.mp4 exists and differs from the clip; give --overwrite')
    expect(await names()).toEqual(['cup-aa000000.mp4', 'cup-bb000000.mp4'])
    expect(await read('cup-bb000000.mp4')).toBe('video of me')
  })

  test('--overwrite replaces a file that differs', async () => {
    const { succeed, download, place, read } = await aPipeline()
    await succeed(A)
    await place('cup-aa000000.mp4', 'video of me')
    expect((await download(A, '--overwrite')).exitCode).toBe(0)
    expect(await read('cup-aa000000.mp4')).toBe('video of aa')
  })

  test('never replaces a folder', async () => {
    const { folder, succeed, download } = await aPipeline()
    await succeed(A)
    await mkdir(path.join(folder, 'cup-aa000000.mp4'), { recursive: true })
    const { exitCode, stderr } = await download(A, '--overwrite')
    expect(exitCode).toBe(2)
    expect(stderr).toContain('cup-aa000000.mp4 is a folder; give another folder or --name\n')
  })

  test('prints failed jobs with their reasons, and downloads none of their clips', async () => {
    const { setup, succeed, download, names } = await aPipeline()
    const rejected = { attempt_id: '0001-9f3c41d07be25a68', worker_id: 'w', ...anOutput(B, 'black') }
    await setup.put(rejected.video.key, Buffer.from('black'), 'video/mp4')
    await setup.putResult(
      aFailure({ class: 'quality', reason: 'black: too dark', rejected: [rejected] }, { jobId: B }),
    )
    await succeed(A)

    const { exitCode, stderr } = await download(B, A)

    expect(exitCode).toBe(1)
    expect(stderr).toBe('error: bb0000000000  cup.png: failed: black: too dark\n1 file downloaded (11 B)\n')
    expect(await names()).toEqual(['cup-aa000000.mp4'])
  })

  test('leaves no file of a clip whose SHA-256 differs from its record, and downloads the others', async () => {
    const { setup, succeed, download, names } = await aPipeline()
    await setup.put(await succeed(A), Buffer.from('other'), 'video/mp4')
    await succeed(B)

    const { exitCode, stderr } = await download(A, B)

    expect(exitCode).toBe(1)
    expect(stderr).toMatch(
      /^error: aa0000000000 {2}cup\.png: s3:\/\/out\/.*: has SHA-256 .* as its record says\n/,
    )
    expect(await names()).toEqual(['cup-bb000000.mp4'])
  })

  test('--no-wait downloads the clips of jobs that have succeeded, and counts jobs that have not ended', async () => {
    const { setup, succeed, download, names } = await aPipeline({
      whileAsleep() {
        throw new Error('waits')
      },
    })
    await succeed(A)
    await setup.putStatus(aStatus({ jobId: B }))

    const { exitCode, stderr } = await download(A, B, '--no-wait')

    expect(exitCode).toBe(0)
    expect(stderr).toBe(
      '1 file downloaded (11 B)\n1 job has not ended; the same command downloads what is missing then\n',
    )
    expect(await names()).toEqual(['cup-aa000000.mp4'])
  })

  test('names clips of a manifest by their item ids, even if another upload ordered the job', async () => {
    const { setup, succeed, itemOf, download, names } = await aPipeline()
    await succeed(A)
    await succeed(B, 'other', { motion_bucket_id: 60 })
    const jobs = [itemOf(A, 1, 'mug'), itemOf(B, 2, 'mug-calm')]
    await setup.putReport(anIngestReport({ key: 'manifests/x/m.json', state: 'accepted', jobs, faults: [] }))

    const { exitCode } = await download('--manifest', 'x/m.json', '--name', '{item_id}-{motion_bucket_id}')

    expect(exitCode).toBe(0)
    expect(await names()).toEqual(['mug-127.mp4', 'mug-calm-60.mp4'])
  })

  test('prints the faults of a manifest, and exits with 1', async () => {
    const { setup, succeed, itemOf, download } = await aPipeline()
    await succeed(A)
    await setup.putReport(anIngestReport({ key: 'manifests/m.json', jobs: [itemOf(A, 1, null)] }))
    const { exitCode, stderr } = await download('--manifest', 'm.json')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('error: manifests/m.json: line 3, parameters.fps: got 0; must be more\n')
  })

  test('--prefix downloads the clips of all uploads in a folder', async () => {
    const { setup, succeed, itemOf, download, names } = await aPipeline()
    for (const jobId of [A, B, C]) await succeed(jobId)
    const report = (key: string, jobId: string) =>
      setup.putReport(
        anIngestReport({ ...{ key, state: 'accepted', faults: [] }, jobs: [itemOf(jobId, 1, null)] }),
      )
    await report('images/p/cup.png', A)
    await report('manifests/p/m.json', B)
    await report('images/p2/cup.png', C)

    expect((await download('--prefix', 'p')).exitCode).toBe(0)

    expect(await names()).toEqual(['cup-aa000000.mp4', 'cup-bb000000.mp4'])
  })

  test('--prefix refuses a folder without reports', async () => {
    const { download } = await aPipeline()
    expect(await download('--prefix', 'q')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining("--prefix: got 'q'; ingest has reported on no upload in images/q/ or"),
    })
  })

  test('--kept downloads only the clips that a list keeps', async () => {
    const { folder, setup, succeed, download, names } = await aPipeline()
    await succeed(A)
    await succeed(B)
    const outputs = [anOutput(C, 'one'), anOutput(C, 'two')]
    for (const [index, { video }] of outputs.entries())
      await setup.put(video.key, Buffer.from(['one', 'two'][index]!), 'video/mp4')
    await setup.putResult(aResult({ jobId: C, outputs }))
    const list = path.join(path.dirname(folder), 'kept.json')
    await writeFile(list, JSON.stringify({ version: 1, kept: [`${C}/1`, `${A}/0`], rejected: [`${B}/0`] }))

    expect((await download('--kept', list)).exitCode).toBe(0)

    expect(await names()).toEqual(['cup-aa000000.mp4', 'cup-cc000000-1.mp4'])
  })

  test('--kept refuses a list that has no clip of the selected jobs', async () => {
    const { folder, succeed, download } = await aPipeline()
    await succeed(A)
    await succeed(B)
    const list = path.join(path.dirname(folder), 'kept.json')
    await writeFile(list, JSON.stringify({ version: 1, kept: [`${A}/0`] }))
    expect(await download(B, '--kept', list)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        'none of its clips is of the jobs that are selected here; leave the selection out, or select their jobs',
      ),
    })
  })

  test('--kept refuses the number of a video that its clip does not have', async () => {
    const { folder, succeed, download } = await aPipeline()
    await succeed(A)
    const list = path.join(path.dirname(folder), 'kept.json')
    await writeFile(list, JSON.stringify({ version: 1, kept: [`${A}/1`] }))
    expect(await download('--kept', list)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(`names video 1 of job ${A}, which has 1 video, numbered from 0`),
    })
  })

  test('refuses a --name that gives two clips the same name, before it downloads anything', async () => {
    const { folder, succeed, download } = await aPipeline()
    await succeed(A)
    await succeed(B)
    const { exitCode, stderr } = await download(A, B, '--name', 'clip-{seed}')
    expect(exitCode).toBe(2)
    expect(stderr).toContain("--name: gives two clips of images/cup.png the same name 'clip-0'; add a field")
    await expect(readdir(folder)).rejects.toThrow('ENOENT')
  })

  test('downloads each format that the job requested', async () => {
    const { setup, download, names, read } = await aPipeline()
    const output = anOutput(A, 'video')
    const gif = {
      ...anOutput(A, 'picture').video,
      key: `jobs/${A}/attempts/1/video.gif`,
      format: 'gif' as const,
    }
    const files = [{ format: 'mp4' as const, ...output.video }, gif]
    await setup.put(output.video.key, Buffer.from('video'), 'video/mp4')
    await setup.put(gif.key, Buffer.from('picture'), 'image/gif')
    await setup.putResult(
      aResult({ jobId: A, parameters: { format: ['mp4', 'gif'] }, outputs: [{ ...output, files }] }),
    )
    await download(A, '--name', '{image}')
    expect(await names()).toEqual(['cup.gif', 'cup.mp4'])
    expect(await read('cup.gif')).toBe('picture')
  })

  test('writes a record beside each clip, and a later download with --posters adds the poster', async () => {
    const { succeed, download, read } = await aPipeline()
    await succeed(A)
    await download(A, '--name', '{image}')
    const record = parseClipRecord(await read('cup.json'))
    expect(record).toMatchObject({
      ...{ job_id: A, video: 0, frames: 14, image: { name: 'cup.png' } },
      files: [{ name: 'cup.mp4', size_bytes: 11, sha256: anOutput(A, 'video of aa').video.sha256 }],
    })
    expect((await download(A, '--name', '{image}', '--posters')).exitCode).toBe(0)
    expect(parseClipRecord(await read('cup.json'))?.files.map(({ name }) => name)).toEqual([
      'cup.mp4',
      'cup.poster.png',
    ])
  })

  test('writes no record for a job without metadata', async () => {
    const { folder, succeed, download } = await aPipeline()
    await succeed(A, 'video', { metadata: false })
    await download(A)
    expect(await readdir(folder)).toEqual(['cup-aa000000.mp4'])
  })

  test('never replaces a JSON file that is not the record of a clip', async () => {
    const { succeed, download, place, names, read } = await aPipeline()
    await succeed(A)
    await place('cup.json', '{"fps": 7}')
    const { exitCode, stderr } = await download(A, '--name', '{image}', '--overwrite')
    expect(exitCode).toBe(2)
    expect(stderr).toContain("cup.json exists, and the clip's record needs this name; give another folder")
    expect(await names()).toEqual([])
    expect(await read('cup.json')).toBe('{"fps": 7}')
  })

  test('refuses to replace the record of another clip whose video was removed', async () => {
    const { folder, succeed, download } = await aPipeline()
    await succeed(A)
    await succeed(B)
    await download(A, '--name', '{image}')
    await rm(path.join(folder, 'cup.mp4'))
    expect(await download(B, '--name', '{image}')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining(
        'cup.json is the record of another clip; give --overwrite to replace it',
      ),
    })
  })

  test('--overwrite replaces the record of another clip too', async () => {
    const { succeed, download, read } = await aPipeline()
    await succeed(A)
    await succeed(B)
    await download(A, '--name', '{image}')
    expect(await download(B, '--name', '{image}')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('cup.mp4 exists and differs from the clip'),
    })
    expect((await download(B, '--name', '{image}', '--overwrite')).exitCode).toBe(0)
    expect(parseClipRecord(await read('cup.json'))?.job_id).toBe(B)
  })

  test('--posters downloads the posters too', async () => {
    const { succeed, download, names } = await aPipeline()
    await succeed(A)
    await download(A, '--posters', '--name', '{image}')
    expect(await names()).toEqual(['cup.mp4', 'cup.poster.png'])
  })

  test('--json prints one object with these keys, and nothing else to stdout', async () => {
    const { setup, folder, succeed, download } = await aPipeline()
    await succeed(A)
    await setup.putResult(aFailure({ reason: 'black' }, { jobId: B }))
    await setup.putStatus(aStatus({ jobId: C }))

    const { stdout } = await download(A, B, C, '--json', '--no-wait')

    expect(JSON.parse(stdout)).toEqual({
      folder,
      files: [
        {
          ...{
            file: path.join(folder, 'cup-aa000000.mp4'),
            kind: 'video',
            format: 'mp4',
            outcome: 'downloaded',
          },
          ...{ size_bytes: 11, sha256: anOutput(A, 'video of aa').video.sha256 },
          ...{
            job_id: A,
            video: 0,
            upload: 'images/cup.png',
            item: null,
            item_id: null,
            image: 'images/cup.png',
          },
        },
      ],
      missing: [{ job_id: B, image: 'images/cup.png', state: 'failed', reason: 'black' }],
      not_ended: [{ job_id: C, image: 'images/cup.png', state: 'queued' }],
    })
  })

  test('prints how to continue when it is interrupted', async () => {
    const controller = new AbortController()
    const { setup, folder } = await aPipeline({
      whileAsleep: () => controller.abort(new InterruptedError('SIGINT')),
    })
    await setup.putStatus(aStatus({ jobId: A }))
    const { exitCode, stderr } = await setup.run(['download', A, '--to', folder], {
      signal: controller.signal,
    })
    expect(exitCode).toBe(130)
    expect(stderr).toMatch(
      /\nthe jobs go on; the same command downloads what is missing\nerror: stopped by SIGINT\n$/,
    )
  })

  test('prints the paths to stdout, and the table to stderr when that is a terminal', async () => {
    const { setup, folder, succeed } = await aPipeline({
      async whileAsleep() {
        await succeedLater()
      },
    })
    const succeedLater = () => succeed(B)
    await succeed(A)
    await setup.putStatus(aStatus({ jobId: B }))
    const { stdout, stderr } = await setup.run(['download', A, B, '--to', folder], { terminal: true })
    expect(stdout.split('\n')).toHaveLength(3)
    expect(stderr).toContain('1 succeeded')
  })

  test('removes partial files that are over an hour old, and keeps newer ones', async () => {
    const { folder, succeed, download, place, names } = await aPipeline()
    await succeed(A)
    const [old, young] = ['.svd-download-1.partial', '.svd-download-2.partial']
    for (const name of [old, young]) await place(name, 'half')
    // The clock of the fake services is at 12:30.
    await utimes(path.join(folder, old), 0, new Date('2026-11-24T11:29:00Z'))
    await utimes(path.join(folder, young), 0, new Date('2026-11-24T11:31:00Z'))
    await download(A)
    expect(await names()).toEqual([young, 'cup-aa000000.mp4'])
  })

  test('refuses to run without a selection of jobs', async () => {
    const { download } = await aPipeline()
    expect(await download()).toMatchObject({
      exitCode: 2,
      stderr: 'error: job: got none; give ids, --manifest, --prefix, --since or --kept\n',
    })
  })

  test('refuses job ids together with --since', async () => {
    const { download } = await aPipeline()
    expect(await download(A, '--since', '1h')).toMatchObject({
      exitCode: 2,
      stderr: 'error: job: give ids, --manifest, --prefix or --since, and not several of them\n',
    })
  })

  test('reports a job that has no record', async () => {
    const { setup, succeed, itemOf, download } = await aPipeline()
    await succeed(A)
    const jobs = [itemOf(A, 1, null), itemOf(B, 2, null)]
    await setup.putReport(anIngestReport({ key: 'manifests/m.json', state: 'accepted', jobs, faults: [] }))
    const { exitCode, stderr } = await download('--manifest', 'm.json')
    expect(exitCode).toBe(1)
    expect(stderr).toContain('error: bb0000000000: there is no record of it any more\n')
  })
})
