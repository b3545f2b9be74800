/** Element in which browsers show a clip, and its media type. */
export type ClipMedia =
  | { readonly element: 'video'; readonly type: 'video/mp4' | 'video/webm' }
  | { readonly element: 'image'; readonly type: 'image/gif' }

const PLAYED: Readonly<Record<string, ClipMedia>> = {
  mp4: { element: 'video', type: 'video/mp4' },
  webm: { element: 'video', type: 'video/webm' },
  gif: { element: 'image', type: 'image/gif' },
}

/** Ending of a file's name without the dot, in lower case: `mp4`. */
export const endingOf = (name: string): string => /\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? ''

/** Element in which browsers show the file; `null` if they do not show it, as with ProRes and PNG frames. */
export const clipMedia = (name: string): ClipMedia | null => PLAYED[endingOf(name)] ?? null
