import { expect, test } from 'vitest'
import { html, textOfHtml, trusted } from '../../../../worker/client/contact-sheet/html.ts'

test('text is escaped, in elements and in attributes', () => {
  const name = `<b onclick='x("&")'>`
  expect(textOfHtml(html`<p title="${name}">${name}</p>`)).toBe(
    '<p title="&lt;b onclick=&#39;x(&quot;&amp;&quot;)&#39;&gt;">&lt;b onclick=&#39;x(&quot;&amp;&quot;)&#39;&gt;</p>',
  )
})

test('a template inside a template is not escaped again, also in a list', () => {
  const items = ['a', '<'].map((item) => html`<li>${item}</li>`)
  expect(textOfHtml(html`<ul>${items}</ul>`)).toBe('<ul><li>a</li><li>&lt;</li></ul>')
})

test('null and false render as nothing, and zero renders as 0', () => {
  expect(textOfHtml(html`[${null}${false}${0}]`)).toBe('[0]')
})

test('an object that imitates trusted markup throws an error', () => {
  expect(() => textOfHtml(html`${JSON.parse('{"markup":"<script>"}')}`)).toThrow()
})

test('a backslash in a template stays one backslash', () => {
  expect(textOfHtml(html`${trusted('a\\n')}\\n`)).toBe('a\\n\\n')
})
