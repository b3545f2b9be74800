import { expect, test } from 'vitest'
import { isSent } from './build-context.ts'

test.each([
  ...['.npmrc', 'LICENSE', 'package.json', 'package-lock.json', 'functions/ingest/handler.ts'],
  ...[
    'worker/Dockerfile',
    'shared/contracts/job-message.ts',
    'worker/cli/svd.ts',
    'worker/image/fetch-cuda-provider.ts',
  ],
  ...['worker/demo/model_index.json', 'worker/demo/README.md'],
])('%s is sent to the build', (file) => {
  expect(isSent(file)).toBe(true)
})

test.each([
  ...['.git/config', 'node_modules/zod/package.json', 'test/worker/demo.test.ts', 'infra/app.ts'],
  ...['out/clip.mp4', 'cdk.out/manifest.json', '.ci/run', '.venv/bin/python', 'README.md', 'notes.txt'],
  ...['.env', '.env.production', 'id_rsa', '.aws/credentials'],
  ...[
    'worker/.env',
    'worker/cli/.env.local',
    'shared/aws/client.pem',
    'worker/tls.key',
    'functions/debug.log',
  ],
  ...['worker/node_modules/x/index.js', 'worker/out/clip.mp4', 'worker/demo/.svd-cache/weights'],
])('%s is not sent to the build', (file) => {
  expect(isSent(file)).toBe(false)
})
