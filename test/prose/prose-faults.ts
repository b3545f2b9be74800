import ts from 'typescript'

/*
 * Faults of prose that a program can find in comments: docstrings that are no sentence about the thing that they document,
 * and words for which the glossary of CONTRIBUTING has a standard term.
 */

export interface ProseFault {
  readonly kind: 'fragment' | 'word'
  /** Line number, from 1. */
  readonly line: number
  readonly text: string
}

/** A docstring whose subject is not the thing documented. */
const FRAGMENT = /^(?:Of|What|Null|Where|How)\b/

/** Each with the standard term. */
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
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, false, ts.LanguageVariant.Standard, source)
  const comments: Comment[] = []
  let line = 1
  let counted = 0
  // Templates are scanned as far as their first expression, and what follows as code: close enough for comments.
  for (let kind = scanner.scan(); kind !== ts.SyntaxKind.EndOfFileToken; kind = scanner.scan()) {
    const isComment =
      kind === ts.SyntaxKind.SingleLineCommentTrivia || kind === ts.SyntaxKind.MultiLineCommentTrivia
    if (!isComment) continue
    const raw = scanner.getTokenText()
    const start = scanner.getTokenStart()
    line += source.slice(counted, start).split('\n').length - 1
    counted = start
    const text = raw
      .replace(/^\/\*+|\*+\/$|^\/\//g, '')
      .split('\n')
      .map((part) => part.replace(/^\s*\* ?/, '').trim())
      .join('\n')
      .trim()
    comments.push({ line, isDocstring: raw.startsWith('/**'), text })
  }
  return comments
}

/** Faults of the comments in a TypeScript file. */
export const proseFaultsOf = (source: string): readonly ProseFault[] =>
  commentsOf(source).flatMap(({ line, isDocstring, text }): readonly ProseFault[] => {
    const fragments: readonly ProseFault[] =
      isDocstring && FRAGMENT.test(text) ? [{ kind: 'fragment', line, text: text.split('\n')[0] ?? '' }] : []
    const words = [...text.matchAll(/[a-z]+/gi)].flatMap(([word]): readonly ProseFault[] => {
      const term = WORDS.get(word.toLowerCase())
      return term === undefined ? [] : [{ kind: 'word', line, text: `${word}: ${term}` }]
    })
    return [...fragments, ...words]
  })
