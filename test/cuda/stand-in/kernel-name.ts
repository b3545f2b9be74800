/** Splits at `separator`, but not inside <…> or (…). */
const splitOutside = (text: string, separator: string): readonly string[] => {
  const parts = ['']
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    if (depth === 0 && text.startsWith(separator, at)) {
      parts.push('')
      at += separator.length - 1
      continue
    }
    if ('<('.includes(text.charAt(at))) depth++
    if ('>)'.includes(text.charAt(at))) depth--
    parts[parts.length - 1] += text.charAt(at)
  }
  return parts
}

const TYPE = /^(?!true$|false$)[A-Za-z_]\w*/

/** `ns::OP_Add<float>` as `OP_Add`; null for numbers, booleans and enumerators. */
const typeName = (argument: string): string | null => {
  const last = splitOutside(argument.trim(), '::').at(-1) ?? ''
  return TYPE.exec(last)?.[0] ?? null
}

/**
 * The kernel's own name and the distinct types among its template arguments. Namespaces, sizes, parameters and what the
 * types themselves are made of are left out, because they change with every release.
 *
 *     void onnxruntime::cuda::_UnaryElementWise<float, float, onnxruntime::cuda::OP_Sigmoid<float>, 256, 4>(…)
 *     _UnaryElementWise<float, OP_Sigmoid>
 */
export const shortKernelName = (name: string): string => {
  const declared = name.replaceAll('(anonymous namespace)::', '')
  let depth = 0
  const end = [...declared].findIndex((character) => {
    if (character === '<') depth++
    if (character === '>') depth--
    return character === '(' && depth === 0
  })
  const head = splitOutside(end === -1 ? declared : declared.slice(0, end), ' ').at(-1) ?? ''
  const own = splitOutside(head, '::').at(-1) ?? ''
  const [, base = own, list = ''] = /^([^<]*)<(.*)>$/.exec(own) ?? []
  const types = splitOutside(list, ',').map(typeName)
  const distinct = [...new Set(types.filter((type) => type !== null))]
  return distinct.length === 0 ? base : `${base}<${distinct.join(', ')}>`
}
