import { type Html, html } from './html.ts'

/**
 * The clips that the reader has kept and rejected, and what to do with them. The page's script shows it, counts the
 * marks and completes the command with the name of the list. `outputBucket`: `null` if the clips cannot be downloaded
 * later, because their bucket ends with the command that wrote the page.
 */
export const renderChoiceBar = (outputBucket: string | null): Html => html`
<section class="choice" aria-label="Your choice" hidden>
<p class="counts" role="status"></p>
<div class="actions"><button type="button" name="save">Save list</button>${
  outputBucket !== null && html`<button type="button" name="copy">Copy command</button>`
}<button type="button" name="clear">Clear</button></div>
<output role="status"></output>
<details><summary>How to choose</summary>
<p>Arrow keys go from clip to clip, <kbd>k</kbd> keeps one, <kbd>x</kbd> rejects it, the same key again takes it back, and <kbd>space</kbd> plays it. This browser remembers the marks for this page.</p>
${
  outputBucket !== null &&
  html`<p class="command">Save the list, then run this in the folder that has it: <code data-bucket="${outputBucket}"></code></p>`
}</details>
</section>`
