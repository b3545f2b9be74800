import { type Html, html } from './html.ts'
import { type Meaning, meaningId } from './meanings.ts'

interface FigureOptions {
  readonly kind?: string
  /** Markup before the label. */
  readonly mark?: Html
}

/**
 * A figure as a button that explains it: a click or a tap opens the meaning in every browser, and the page's script opens
 * it under the mouse and for keyboards too. Screen readers read the meaning as the button's description.
 */
export const renderFigure = (
  meaning: Meaning,
  label: string,
  value: string | null,
  { kind = '', mark = html`` }: FigureOptions = {},
): Html =>
  html`<button type="button" class="figure ${kind}" popovertarget="${meaningId(meaning)}" aria-describedby="${meaningId(meaning)}">${mark}${
    label !== '' && html`<span>${label}</span> `
  }${value !== null && html`<b>${value}</b>`}</button>`
