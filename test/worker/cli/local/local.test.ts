import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeJobMessage } from '../../../../shared/contracts/job-message.ts'
import { openAwsServices } from '../../../../worker/aws/aws-services.ts'
import { startEmbeddedEndpoint } from '../../../../worker/local/embedded-endpoint.ts'
import { openPersistentState } from '../../../../worker/local/persistent-state.ts'
import { aJobMessage } from '../../../fixtures/a-job-message.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'
import { unaborted } from '../../../fixtures/unaborted.ts'
import { DEMO_CHECKPOINT, runCommandLine } from '../a-command-line.ts'

test('svd local refuses invalid --quality-checks before it starts anything', async () => {
  const { exitCode, stdout, stderr } = await runCommandLine(['local', '--quality-checks', 'likeness=error'])

  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(/^error: --quality-checks: got 'likeness=error'; must be a list with commas /)
})

describe('svd local --data-dir', () => {
  test('refuses a folder with other files before it starts anything', async () => {
    const folder = await temporaryDir()
    await writeFile(path.join(folder, 'thesis.txt'), 'words')
    expect(await runCommandLine(['local', '--port', '0', '--data-dir', folder])).toMatchObject({
      ...{ exitCode: 2, stdout: '' },
      stderr: `error: --data-dir: got '${folder}', which has other files; choose an empty or a new folder\n`,
    })
  })

  test('refuses a checkpoint other than the one for which jobs in the folder wait', async () => {
    const folder = await temporaryDir()
    const { model } = aJobMessage()
    {
      await using persistentState = await openPersistentState(folder, () => new Date())
      await using endpoint = await startEmbeddedEndpoint(0, { persistentState })
      await using services = openAwsServices(endpoint.clientConfig)
      const jobs = services.openQueue(endpoint.deployment.jobsQueueUrl)
      for (const sourceKey of ['images/a.png', 'images/b.png'])
        await jobs.send([{ body: encodeJobMessage(aJobMessage({ sourceKey })), groupId: 'g' }], unaborted)
    }
    const args = ['local', '--port', '0', '--data-dir', folder, '--checkpoint', DEMO_CHECKPOINT]
    expect(await runCommandLine(args)).toMatchObject({
      ...{ exitCode: 2, stdout: '' },
      stderr: `error: --checkpoint: got '${DEMO_CHECKPOINT}', and 2 jobs in the folder '${folder}' wait for another, ${model.id} (${model.sha256.slice(0, 12)}); give that checkpoint, or another --data-dir\n`,
    })
    // The refused command has unlocked the folder.
    await using persistentState = await openPersistentState(folder, () => new Date())
    expect(persistentState.earlierWork.waiting).toEqual([model, model])
  })
})
