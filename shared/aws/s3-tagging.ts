import type { WriteOptions } from '../ports/object-store.ts'

/** The tags of an object that is written, as the header `x-amz-tagging` has them; without tags, there is no header. */
export const taggingOf = ({ tags = {} }: WriteOptions): { readonly Tagging?: string } => {
  const pairs = Object.entries(tags).map((pair) => pair.map(encodeURIComponent).join('='))
  return pairs.length === 0 ? {} : { Tagging: pairs.join('&') }
}
