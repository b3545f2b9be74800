import { expect, test } from 'vitest'
import { openPage } from '../../../../worker/cli/local/open-page.ts'

const PAGE = '/home/ada/out/index.html'

/** A terminal on a Linux desktop, which records the files that it opens. */
const aDesktop = ({ isTTY = true, fault }: { readonly isTTY?: boolean; readonly fault?: Error } = {}) => {
  const opened: string[] = []
  const context = {
    environment: { DISPLAY: ':0' },
    stdout: { isTTY, write() {} },
    desktop: {
      platform: 'linux' as const,
      async open(file: string) {
        if (fault !== undefined) throw fault
        opened.push(file)
      },
    },
  }
  return { opened, context }
}

test('openPage opens the page on a desktop, and reports this', async () => {
  const { opened, context } = aDesktop()
  const said = await openPage(PAGE, context)
  expect({ said, opened }).toEqual({
    said: 'The page opens in the browser (--no-open leaves it closed).',
    opened: [PAGE],
  })
})

test('openPage opens nothing without a desktop, and reports why', async () => {
  const { opened, context } = aDesktop({ isTTY: false })
  const said = await openPage(PAGE, context)
  expect({ said, opened }).toEqual({
    said: 'The page was not opened, because stdout is not a terminal.',
    opened: [],
  })
})

test('openPage reports the error when the desktop cannot open the page', async () => {
  const { context } = aDesktop({ fault: new Error('spawn xdg-open ENOENT') })
  expect(await openPage(PAGE, context)).toBe('The page was not opened: spawn xdg-open ENOENT')
})
