import type { Command } from 'commander'

export interface DemoOptions {
  /** `false` with `--no-open`. */
  readonly open: boolean
}

export const addDemoOptions = (command: Command): Command =>
  command
    .summary('the whole pipeline with the demo checkpoint, into ./out')
    .description(
      'Renders five clips with the demo checkpoint, and makes a page of them: out/index.html. Where stdout is a ' +
        'terminal of a desktop, the page opens in the browser.',
    )
    .option('--no-open', 'only print where the page is')
