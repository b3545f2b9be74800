/*
 * Commands that a document tells its readers to run: lines of indented code blocks, and spans in backticks that begin
 * with one of this project's programs.
 */

/** Words of one simple command, without quotes: `['npx', 'svd', 'status']`. */
export type CommandWords = readonly string[]

const OPERATORS = /^(?:&&|\|\||[;|])/

/** Index of the parenthesis that closes the one before `start`. */
const closingIndex = (line: string, start: number): number => {
  let depth = 1
  for (let i = start; i < line.length; i++) {
    if (line[i] === '(') depth++
    if (line[i] === ')' && --depth === 0) return i
  }
  throw new Error(`a command substitution is not closed: ${line}`)
}

/** Throws an Error where a quote or a substitution is not closed. */
export const splitCommands = (line: string): readonly CommandWords[] => {
  const commands: string[][] = [[]]
  const substituted: CommandWords[] = []
  let word: string | null = null
  let quote = ''
  const endWord = (): void => {
    if (word !== null) commands.at(-1)?.push(word)
    word = null
  }
  for (let i = 0; i < line.length; i++) {
    const character = line[i] ?? ''
    if (quote !== "'" && line.startsWith('$(', i)) {
      const end = closingIndex(line, i + 2)
      substituted.push(...splitCommands(line.slice(i + 2, end)))
      word = `${word ?? ''}$(…)`
      i = end
    } else if (quote === '' ? `"'`.includes(character) : character === quote) {
      quote = quote === '' ? character : ''
      word ??= ''
    } else if (quote === '' && /\s/.test(character)) endWord()
    else if (quote === '' && OPERATORS.test(line.slice(i))) {
      endWord()
      commands.push([])
      i += (OPERATORS.exec(line.slice(i))?.[0].length ?? 1) - 1
    } else word = (word ?? '') + character
  }
  if (quote !== '') throw new Error(`a quote is not closed: ${line}`)
  endWord()
  return [...commands.filter((words) => words.length > 0), ...substituted]
}

const PROGRAM_SPAN = /`((?:npx\s+(?:svd|cdk)|svd|npm\s+run|aws)\s[^`]*)`/g

/** Lines of code blocks that are not fenced, each with those that continue it after a backslash. */
const blockLines = (document: string): readonly string[] => {
  const withoutFences = document.replaceAll(/^```[\s\S]*?^```$/gm, '')
  return withoutFences
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.startsWith('    '))
    .map((line) => line.trim())
}

/** Every command of a Markdown document, in its order within blocks and then within spans. */
export const documentCommands = (markdown: string): readonly CommandWords[] => {
  const spans = [...markdown.matchAll(PROGRAM_SPAN)].map(([, span = '']) => span.replaceAll(/\s+/g, ' '))
  // JSON and diagrams in blocks are not commands.
  const lines = blockLines(markdown).filter((line) => /^(?:npx|svd|npm|aws|eval|date|git)\b/.test(line))
  return [...lines, ...spans].flatMap(splitCommands)
}
