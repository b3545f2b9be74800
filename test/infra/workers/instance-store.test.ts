import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { INSTANCE_STORE_COMMANDS } from '../../../infra/workers/instance-store.ts'
import { findPythonTool, skippedWithout } from '../../fixtures/python-tool.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'

/** Stand-ins on the PATH that record their arguments. */
const commandsOn = async (disks: string): Promise<readonly string[]> => {
  const dir = await temporaryDir()
  const say = (name: string, output = ''): Promise<void> =>
    writeFile(
      path.join(dir, name),
      `#!/bin/bash\nprintf '%s' '${output}'\necho "${name} $*" >> ${dir}/calls\n`,
      { mode: 0o755 },
    )
  await say('lsblk', disks)
  for (const name of ['mkfs.xfs', 'mount', 'mkdir', 'install', 'mdadm']) await say(name)
  const script = `PATH=${dir}:$PATH\n${INSTANCE_STORE_COMMANDS.join('\n')}\ncat ${dir}/calls`
  const { stdout } = await execa('bash', ['-c', script])
  return stdout.split('\n').filter((call) => !call.startsWith('lsblk'))
}

const ROOT_DISK = '/dev/nvme0n1 Amazon Elastic Block Store\n'
const FAST_DISK = (n: number) => `/dev/nvme${n}n1 Amazon EC2 NVMe Instance Storage\n`
const MODELS = 'install --directory --owner 10001 --group 10001 --mode 0750 /mnt/svd/models'

test('a fast disk of a machine is formatted for models, which the worker owns', async () => {
  expect(await commandsOn(ROOT_DISK + FAST_DISK(1))).toEqual([
    'mkdir -p /mnt/svd',
    'mkfs.xfs -f /dev/nvme1n1',
    'mount -o noatime /dev/nvme1n1 /mnt/svd',
    MODELS,
  ])
})

test('several fast disks are combined into one', async () => {
  expect(await commandsOn(ROOT_DISK + FAST_DISK(1) + FAST_DISK(2))).toEqual([
    'mdadm --create /dev/md0 --level 0 --raid-devices 2 /dev/nvme1n1 /dev/nvme2n1',
    'mkdir -p /mnt/svd',
    'mkfs.xfs -f /dev/md0',
    'mount -o noatime /dev/md0 /mnt/svd',
    MODELS,
  ])
})

test('a machine without a fast disk keeps models on its root disk, which is not formatted', async () => {
  expect(await commandsOn(ROOT_DISK)).toEqual(['mkdir -p /mnt/svd', MODELS])
})

const shellcheck = await findPythonTool('shellcheck')
test.skipIf(shellcheck === null)(
  `shellcheck reports nothing about the instance store commands${skippedWithout('shellcheck', shellcheck)}`,
  async () => {
    const input = `#!/bin/bash\n${INSTANCE_STORE_COMMANDS.join('\n')}\n`
    const { stdout } = await execa(shellcheck ?? 'shellcheck', ['-'], { input, reject: false })

    expect(stdout).toBe('')
  },
)
