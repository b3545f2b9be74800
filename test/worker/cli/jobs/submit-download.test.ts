import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { InterruptedError } from '../../../../worker/cli/exit-code.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { anOutput, aResult, aStatus } from '../../../fixtures/job-records.ts'
import { aFolder, jobOf, pixels, withIngest } from './with-ingest.ts'

const MANIFEST = {
  items: [
    { image: 'images/cup.png', id: 'mug' },
    { image: 'images/cup.png', id: 'mug-calm', parameters: { motion_bucket_id: 60, seed: 7 } },
  ],
}

/** Two images, a manifest, and an ingest whose jobs succeed at the second poll. */
const aSubmission = async (manifest: object = MANIFEST) => {
  const cup = await pixels('png')
  const files = { 'cup.png': cup, 'b/cup.png': await pixels('png', 20), 'm.json': JSON.stringify(manifest) }
  const { at, folder } = await aFolder(files)
  const controller = new AbortController()
  const jobs = [aJobMessage(), aJobMessage({ parameters: { motion_bucket_id: 60, seed: 7 } })]
  const ordered = jobs.map(({ job_id }, index) =>
    jobOf('images/cup.png', { job_id, item: index + 1, item_id: ['mug', 'mug-calm'][index] }),
  )
  let succeedsAt = 2
  let interruptsAt = 0
  const setup = withIngest({
    says: (key) => (key.endsWith('m.json') ? { jobs: ordered } : {}),
    async afterwards(sleep) {
      const made = [
        ...jobs,
        ...['images/p/cup.png', 'images/p/2/cup.png'].map((sourceKey) => aJobMessage({ sourceKey })),
      ]
      if (sleep === 1) for (const job of made) await setup.putStatus(aStatus({ job }))
      if (sleep === interruptsAt) controller.abort(new InterruptedError('SIGINT'))
      if (sleep !== succeedsAt) return
      for (const job of made) {
        const output = anOutput(job.job_id, `video of ${job.job_id}`)
        await setup.put(output.video.key, Buffer.from(`video of ${job.job_id}`), 'video/mp4')
        await setup.putResult(aResult({ job, outputs: [output] }))
      }
    },
  })
  const videos = path.join(folder, 'my videos')
  return {
    ...{ at, setup, videos, jobs },
    /** Names of the files, without the records of clips. */
    names: async () => (await readdir(videos)).filter((name) => !name.endsWith('.json')).toSorted(),
    succeedAt: (sleep: number) => {
      succeedsAt = sleep
    },
    interruptAt: (sleep: number) => {
      interruptsAt = sleep
    },
    submit: (files: readonly string[], ...args: readonly string[]) =>
      setup.run(['submit', ...files.map(at), '--prefix', 'p', ...args], { signal: controller.signal }),
  }
}

describe('svd submit --download', () => {
  test('names the clips of a manifest by the fields of --name', async () => {
    const { submit, videos, names } = await aSubmission()
    const template = ['--name', '{item_id}-{motion_bucket_id}-{seed}']
    const { exitCode, stderr } = await submit(['m.json'], '--download', videos, ...template)
    expect(exitCode).toBe(0)
    expect(stderr).toMatch(/\n2 files downloaded \(82 B\)\n$/)
    expect(await names()).toEqual(['mug-127-0.mp4', 'mug-calm-60-7.mp4'])
  })

  test('names clips by default after the item id, the parameters that differ, and the job id', async () => {
    const { submit, videos, names, jobs } = await aSubmission()
    await submit(['m.json'], '--download', videos)
    const [a = '', b = ''] = jobs.map(({ job_id }) => job_id.slice(0, 8))
    expect(await names()).toEqual([
      `mug-calm-motion_bucket_id-60-seed-7-${b}.mp4`,
      `mug-motion_bucket_id-127-seed-0-${a}.mp4`,
    ])
  })

  test.each([
    [
      'equal names for two images',
      ['cup.png', 'b/cup.png'],
      '{image}',
      "images/p/cup.png and images/p/2/cup.png the same name 'cup'",
    ],
    ['an unknown field', ['cup.png'], '{motion}', 'did you mean {motion_bucket_id}?'],
    ['a slash', ['cup.png'], 'x/{image}', "has a '/', which separates folders"],
    [
      'the item id of an image without one',
      ['cup.png'],
      '{item_id}',
      'was uploaded without a manifest, so it has no id',
    ],
  ])('refuses a --name with %s before it uploads anything', async (_, files, template, fault) => {
    const { submit, setup, videos } = await aSubmission()
    const { exitCode, stderr } = await submit(files, '--download', videos, '--name', template)
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(`--name: `) })
    expect(stderr).toContain(fault)
    expect(setup.inputs.keys()).toEqual([])
  })

  test.each([
    [['--name', '{id}'], '--name'],
    [['--overwrite'], '--overwrite'],
    [['--posters'], '--posters'],
  ])('is required by %j', async (args, field) => {
    const { submit } = await aSubmission()
    expect((await submit(['cup.png'], '--wait', ...args)).stderr).toBe(
      `error: ${field}: is for files that are downloaded; give --download DIR too\n`,
    )
  })

  test('keeps a file that is equal, and fails for a file that differs', async () => {
    const { submit, videos, jobs } = await aSubmission()
    await mkdir(videos, { recursive: true })
    await writeFile(path.join(videos, 'mug.mp4'), `video of ${jobs[0]?.job_id}`)
    await writeFile(path.join(videos, 'mug-calm.mp4'), 'mine')
    const { exitCode, stdout, stderr } = await submit(['m.json'], '--download', videos, '--name', '{item_id}')
    expect(exitCode).toBe(1)
    expect(stdout).toContain(`${path.join(videos, 'mug.mp4')}  (there already)\n`)
    expect(stderr).toContain(`${path.join(videos, 'mug-calm.mp4')} exists and differs from the clip`)
  })

  test('refuses a file that differs from the clip of a job that has already succeeded, and prints how to continue', async () => {
    const { submit, succeedAt, videos } = await aSubmission()
    succeedAt(1)
    await mkdir(videos, { recursive: true })
    await writeFile(path.join(videos, 'mug.mp4'), 'mine')
    const { exitCode, stderr } = await submit(['m.json'], '--download', videos, '--name', '{item_id}')
    expect(exitCode).toBe(2)
    expect(stderr).toContain(`--download: ${path.join(videos, 'mug.mp4')} exists and differs from the clip`)
    expect(stderr).toContain('svd download --manifest manifests/p/m.json')
  })

  test('prints a command that continues the download when it is interrupted', async () => {
    const { submit, interruptAt, succeedAt, setup, videos, names } = await aSubmission()
    interruptAt(2)
    succeedAt(3)
    const template = ['--name', '{item_id}-{seed}']
    const interrupted = await submit(['m.json'], '--download', videos, ...template)
    expect(interrupted.exitCode).toBe(130)
    const [, line = ''] = /To follow them again:\n {2}npx svd (.*)\n/.exec(interrupted.stderr) ?? []
    expect(line).toBe(`download --manifest manifests/p/m.json --to '${videos}' --name '{item_id}-{seed}'`)

    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
    expect((await setup.run(words)).exitCode).toBe(0)
    expect(await names()).toEqual(['mug-0.mp4', 'mug-calm-7.mp4'])
  })

  test('prints a command with --prefix and the options of the deployment when several uploads are interrupted', async () => {
    const { submit, interruptAt } = await aSubmission()
    interruptAt(2)
    const { stderr } = await submit(['cup.png', 'b/cup.png'], '--wait', '--output-bucket', 'out')
    expect(stderr).toContain(
      'The jobs of the uploaded files go on. To follow them again:\n  npx svd watch --prefix p --output-bucket out\n',
    )
  })

  test('--json lists the files of each job', async () => {
    const { submit, videos, jobs } = await aSubmission()
    const { stdout } = await submit(['m.json'], '--download', videos, '--name', '{item_id}', '--json')
    const report = JSON.parse(stdout)
    expect(
      report.jobs.map(({ job_id, files }: { job_id: string; files: string[] }) => [job_id, files]),
    ).toEqual([
      [jobs[0]?.job_id, [path.join(videos, 'mug.mp4')]],
      [jobs[1]?.job_id, [path.join(videos, 'mug-calm.mp4')]],
    ])
  })
})
