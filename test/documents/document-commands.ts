/*
 * Commands that a document tells its readers to run: lines of indented code blocks, and spans in backticks that begin
 * with one of this project's programs.
 */

/** Words of one simple command, without quotes: `['npx', 'svd', 'status']`. */
export type CommandWords = readonly string[]

const OPERATORS = /^(?:&&|\|\||[;|\n])/

/** Index of the parenthesis that closes the one before `start`. */
const closingIndex = (text: string, start: number): number => {
  let depth = 1
  for (let i = start; i < text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')' && --depth === 0) return i
  }
  throw new Error(`a command substitution is not closed: ${text}`)
}

/** Throws an Error where a quote or a substitution is not closed. */
export const splitCommands = (text: string): readonly CommandWords[] => {
  const commands: string[][] = [[]]
  const substituted: CommandWords[] = []
  let word: string | null = null
  let quote = ''
  const endWord = (): void => {
    if (word !== null) commands.at(-1)?.push(word)
    word = null
  }
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? ''
    if (quote !== "'" && text.startsWith('$(', i)) {
      const end = closingIndex(text, i + 2)
      substituted.push(...splitCommands(text.slice(i + 2, end)))
      word = `${word ?? ''}$(…)`
      i = end
    } else if (quote === '' ? `"'`.includes(character) : character === quote) {
      quote = quote === '' ? character : ''
      word ??= ''
    } else if (quote === '' && OPERATORS.test(text.slice(i))) {
      endWord()
      commands.push([])
      i += (OPERATORS.exec(text.slice(i))?.[0].length ?? 1) - 1
    } else if (quote === '' && /\s/.test(character)) endWord()
    else word = (word ?? '') + character
  }
  if (quote !== '') throw new Error(`a quote is not closed: ${text}`)
  endWord()
  return [...commands.filter((words) => words.length > 0), ...substituted]
}

const PROGRAM_SPAN = /`((?:npx\s+(?:svd|cdk)|svd|npm\s+run|aws)\s[^`]*)`/g

/** Pattern with which no block of JSON and no diagram begins. */
const FIRST_LINE = /^(?:npx|svd|npm|aws|eval|date|git)\b/

/** Code blocks that are not fenced, as a shell reads them: without the indent, and lines joined after a backslash. */
const commandBlocks = (markdown: string): readonly string[] => {
  const withoutFences = markdown.replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...withoutFences.matchAll(/(?:^ {4}.*\n)+/gm)]
    .map(([block]) => block.replaceAll(/^ {4}/gm, '').replaceAll(/\\\n\s*/g, ''))
    .filter((block) => FIRST_LINE.test(block))
}

/** Every command of a Markdown document: those of its blocks, and then those of its spans. */
export const documentCommands = (markdown: string): readonly CommandWords[] => {
  const spans = [...markdown.matchAll(PROGRAM_SPAN)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '))
  return [...commandBlocks(markdown), ...spans].flatMap(splitCommands)
}
