import { createHash } from 'node:crypto'
import { on, once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { expect, onTestFinished, test, vi } from 'vitest'

const inRepository = (file: string): string => fileURLToPath(new URL(`../../../../${file}`, import.meta.url))
const SVD = inRepository('worker/cli/svd.ts')
const SAMPLES = inRepository('worker/demo-samples')

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const aFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'svd-download-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Starts `svd local`. Returns the environment that it prints for clients. */
const aPipeline = async (): Promise<Readonly<Record<string, string>>> => {
  const local = execa(process.execPath, [SVD, 'local', '--port', '0'], { reject: false })
  onTestFinished(async () => {
    local.kill('SIGKILL')
    await local
  })
  const environment: Record<string, string> = {}
  let printed = ''
  for await (const chunk of on(local.stdout, 'data')) {
    printed += chunk
    if (printed.includes('Ctrl-C ends it.')) break
  }
  for (const [, name, value] of printed.matchAll(/^ {2}export (\w+)=(.+)$/gm)) environment[name!] = value!
  return environment
}

/** Forwards requests to `target`, but answers reads of one video only. `held` resolves when another is requested. */
const aSlowProxy = async (target: string) => {
  const videos = new Set<string>()
  const held = Promise.withResolvers<void>()
  const server = createServer((incoming, outgoing) => {
    const { pathname } = new URL(incoming.url ?? '/', target)
    if (incoming.method === 'GET' && pathname.endsWith('.mp4')) videos.add(pathname)
    if (videos.size > 1 && incoming.method === 'GET' && pathname.endsWith('.mp4')) return held.resolve()
    const { hostname, port } = new URL(target)
    const { method, headers, url } = incoming
    const forwarded = httpRequest({ hostname, port, method, headers, path: url }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, held: held.promise }
}

test('svd download completes a folder after Ctrl-C of svd submit and its own kill -9, and keeps whole clips', async () => {
  const environment = await aPipeline()
  const folder = await aFolder()
  const videos = path.join(folder, 'videos')
  const manifest = path.join(folder, 'products.json')
  const items = ['rocket', 'coffee', 'chelsea'].map((name) => ({
    id: `SKU-${name}`,
    image: `images/${name}.png`,
  }))
  const defaults = { width: 192, height: 128, num_frames: 2, num_inference_steps: 4 }
  await writeFile(manifest, JSON.stringify({ defaults, items }))
  const svd = (args: readonly string[], more: Readonly<Record<string, string>> = {}) =>
    execa(process.execPath, [SVD, ...args], { env: { ...environment, ...more }, reject: false })

  // The test stops the command when ingest has made the jobs.
  const submit = svd([
    ...['submit', manifest, '--images', SAMPLES, '--download', videos],
    ...['--name', '{item_id}-{seed}'],
  ])
  for await (const chunk of on(submit.stdout, 'data')) if (/^[0-9a-f]{32} /.test(String(chunk))) break
  submit.kill('SIGINT')
  const stopped = await submit
  expect(stopped.exitCode).toBe(130)
  const [, line = ''] = /To follow them again:\n {2}npx svd (.*)\n/.exec(stopped.stderr) ?? []
  const comeBack = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  expect(comeBack.slice(0, 2)).toEqual(['download', '--manifest'])

  // The test kills the command while it reads its second clip and the first is complete. It may read both at once.
  const proxy = await aSlowProxy(environment['AWS_ENDPOINT_URL'] ?? '')
  const killed = svd(comeBack, { AWS_ENDPOINT_URL: proxy.url })
  await proxy.held
  const untilFirst = { timeout: 60_000, interval: 20 }
  await vi.waitFor(async () => expect((await readdir(videos)).join(' ')).toContain('.mp4'), untilFirst)
  killed.kill('SIGKILL')
  expect((await killed).signal).toBe('SIGKILL')
  const left = await readdir(videos)
  const whole = left.filter((name) => name.endsWith('.mp4'))
  expect(whole).toEqual([expect.stringMatching(/^SKU-(rocket|coffee|chelsea)-0\.mp4$/)])
  // There is one partial file, or two if both other clips could be read.
  const partial = left.filter((name) => !/\.(mp4|json)$/.test(name))
  expect(partial).not.toEqual([])
  for (const name of partial) expect(name).toMatch(/^\.svd-download-.*\.partial$/)

  const { exitCode, stdout, stderr } = await svd([...comeBack, '--json'])
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  const { files } = JSON.parse(stdout) as {
    readonly files: readonly { readonly file: string; readonly outcome: string; readonly sha256: string }[]
  }
  expect(files.filter(({ outcome }) => outcome === 'kept').map(({ file }) => path.basename(file))).toEqual(
    whole,
  )
  expect((await readdir(videos)).filter((name) => name.endsWith('.mp4')).toSorted()).toEqual([
    'SKU-chelsea-0.mp4',
    'SKU-coffee-0.mp4',
    'SKU-rocket-0.mp4',
  ])
  expect(files).toHaveLength(3)
  for (const { file, sha256 } of files) expect(hashOf(await readFile(file))).toBe(sha256)
})
