import { expect, test } from 'vitest'
import { countOomKills } from '../../../worker/renderer/oom-kills.ts'

test.runIf(process.platform === 'linux')(
  'reads how many processes the kernel has killed for memory',
  async () => {
    expect(await countOomKills()).toBeGreaterThanOrEqual(0)
  },
)
