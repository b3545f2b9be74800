const MARKUP = Symbol('markup')

/** Markup that is safe to insert. */
export interface Html {
  readonly [MARKUP]: string
}

/** Value that a template may hold. Text is escaped; `null` and `false` insert nothing. */
export type HtmlValue = Html | string | number | null | false | readonly HtmlValue[]

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Escapes text, and values of attributes in quotes. */
const escapeText = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)

const insert = (value: HtmlValue): string => {
  if (value === null || value === false) return ''
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  return MARKUP in value ? value[MARKUP] : value.map(insert).join('')
}

/** A template in which everything inserted is escaped, unless it is such a template itself. Quote attributes. */
export const html = (markup: TemplateStringsArray, ...values: readonly HtmlValue[]): Html => ({
  [MARKUP]: String.raw({ raw: markup }, ...values.map(insert)),
})

/** Styles and scripts of ours go in as they are: nothing in them comes from outside. */
export const trusted = (markup: string): Html => ({ [MARKUP]: markup })

export const textOfHtml = (document: Html): string => document[MARKUP]
