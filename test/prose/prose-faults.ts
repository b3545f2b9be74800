import ts from 'typescript'

/*
 * Faults of prose that a program can find in comments: docstrings that are not a sentence about the thing that they
 * document, and words for which the glossary of CONTRIBUTING has a standard term.
 */

export interface ProseFault {
  readonly kind: 'fragment' | 'word'
  /** Line number, from 1. */
  readonly line: number
  readonly text: string
}

/** A docstring whose subject is not the thing documented. */
const FRAGMENT = /^(?:Of|What|Null|Where|How)\b/

/** Words to avoid, each with its standard term. */
export const WORDS: ReadonlyMap<string, string> = new Map([
  ['letter', 'dead-letter message'],
  ['letters', 'dead-letter messages'],
  ['lest', 'so that … not'],
  ['somebody', 'a named actor'],
  ['whoever', 'a named actor'],
  ['hands', 'lease'],
  ['glance', 'poll'],
])

interface Comment {
  readonly line: number
  readonly isDocstring: boolean
  readonly text: string
}

/** Comments of a TypeScript file, without their stars and slashes. */
const commentsOf = (source: string): readonly Comment[] => {
  const file = ts.createSourceFile('', source, ts.ScriptTarget.Latest, false)
  const byStart = new Map<number, ts.CommentRange>()
  const collect = (node: ts.Node): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(source, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(source, node.getEnd()) ?? []),
    ]
    for (const range of ranges) byStart.set(range.pos, range)
    for (const child of node.getChildren(file)) collect(child)
  }
  collect(file)
  return [...byStart.values()]
    .toSorted((a, b) => a.pos - b.pos)
    .map(({ pos, end }) => {
      const raw = source.slice(pos, end)
      const text = raw
        .replace(/^\/\*+|\*+\/$|^\/\//g, '')
        .split('\n')
        .map((part) => part.replace(/^\s*\* ?/, '').trim())
        .join('\n')
        .trim()
      const line = file.getLineAndCharacterOfPosition(pos).line + 1
      return { line, isDocstring: raw.startsWith('/**'), text }
    })
}

/** Faults of the comments in a TypeScript file. */
export const proseFaultsOf = (source: string): readonly ProseFault[] =>
  commentsOf(source).flatMap(({ line, isDocstring, text }): readonly ProseFault[] => {
    const fragments: readonly ProseFault[] =
      isDocstring && FRAGMENT.test(text) ? [{ kind: 'fragment', line, text: text.split('\n')[0] ?? '' }] : []
    const words = [...text.matchAll(/[a-z]+(?:-[a-z]+)*/gi)].flatMap(([word]): readonly ProseFault[] => {
      const term = WORDS.get(word.toLowerCase())
      return term === undefined ? [] : [{ kind: 'word', line, text: `${word}: ${term}` }]
    })
    return [...fragments, ...words]
  })
