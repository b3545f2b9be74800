/**
 * Form of a file's name that two names share if they are one file on some system. Windows ignores case, and macOS ignores
 * case and the Unicode form.
 *
 * The Unicode Standard, section 3.13, D145: "A string X is a canonical caseless match for a string Y if and only if:
 * NFD(toCasefold(NFD(X))) = NFD(toCasefold(NFD(Y)))". JavaScript has no `toCasefold`. Lower case and then upper case is
 * the same in every locale, and joins what case folding joins, such as `ß` and `SS`, or `ς` and `σ`.
 */
export const sameFileKey = (name: string): string =>
  name.normalize('NFD').toLowerCase().toUpperCase().normalize('NFD')
