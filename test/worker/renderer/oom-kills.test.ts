import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { countOomKills } from '../../../worker/renderer/oom-kills.ts'

/** The kernel's own figure, found in another way; `null` if this kernel prints none. */
const printedKills = async (): Promise<number | null> => {
  const lines = (await readFile('/proc/vmstat', 'utf8')).split('\n').map((line) => line.split(' '))
  const found = lines.find(([name]) => name === 'oom_kill')?.[1]
  return found === undefined ? null : Number(found)
}

test.runIf(process.platform === 'linux')(
  'countOomKills reads how many processes the kernel has killed for memory (on Linux)',
  async () => {
    const before = await printedKills()
    const count = await countOomKills()
    // A process may be killed meanwhile.
    expect([before, await printedKills()]).toContain(count)
  },
)

test.runIf(process.platform === 'darwin')(
  'countOomKills returns null where the kernel prints no count (on macOS)',
  async () => {
    expect(await countOomKills()).toBeNull()
  },
)
