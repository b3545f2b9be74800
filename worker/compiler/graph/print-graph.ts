import type { Attribute, Graph, Node } from './graph.ts'
import { formatType, type Value } from './value.ts'

const formatAttribute = (attribute: Attribute): string =>
  typeof attribute === 'object' && 'float' in attribute
    ? String(attribute.float)
    : Array.isArray(attribute)
      ? `[${attribute.join(',')}]`
      : String(attribute)

const formatNode = (node: Node, note: string | null): string => {
  const inputs = node.inputs.map((value) => (value === null ? '-' : `%${value.name}`)).join(', ')
  const attributes = Object.entries(node.attributes)
    .map(([name, attribute]) => `${name}=${formatAttribute(attribute)}`)
    .join(' ')
  const outputs = node.outputs.map((value) => `%${value.name}: ${formatType(value)}`).join(', ')
  const op = node.domain === '' ? node.op : `${node.domain}.${node.op}`
  const call = `${outputs} = ${op}(${inputs})${attributes === '' ? '' : ` {${attributes}}`}`
  return note === null ? `  ${call}` : `  ${call}  // ${note}`
}

const formatValue = (value: Value): string => `%${value.name}: ${formatType(value)}`

/** One line per node, in running order: what a reviewer reads and a snapshot keeps. `noteOf` comments on a node. */
export const printGraph = (graph: Graph, noteOf: (node: Node) => string | null = () => null): string =>
  [
    `graph ${graph.name}(${graph.inputs.map(formatValue).join(', ')})`,
    ...graph.nodes.map((node) => formatNode(node, noteOf(node))),
    `  return ${graph.outputs.map((value) => `%${value.name}`).join(', ')}`,
    '',
  ].join('\n')
