import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fromBinary } from '@bufbuild/protobuf'
import { ModelProtoSchema, TensorProto_DataLocation, TensorProto_DataType } from 'onnx-buf'
import { describe, expect, test } from 'vitest'
import { readSafetensorsHeader } from '../../../../worker/checkpoint/safetensors.ts'
import { encodeModel, encodeOnnx } from '../../../../worker/compiler/graph/encode-onnx.ts'
import { createGraph, type Graph, GraphError } from '../../../../worker/compiler/graph/graph.ts'
import { withoutUnused } from '../../../../worker/compiler/graph/without-unused.ts'
import { conv } from '../../../../worker/compiler/ops/conv.ts'
import { add, quickGelu, silu } from '../../../../worker/compiler/ops/elementwise.ts'
import { reshape, resizeNearest } from '../../../../worker/compiler/ops/shape.ts'
import { skipLayerNorm } from '../../../../worker/compiler/ops/skip-layer-norm.ts'
import { rowsOf, viewAs } from '../../../../worker/compiler/weights/weight-tensor.ts'
import { openWeights } from '../../../../worker/compiler/weights/weights.ts'
import { encodeSafetensors, type TensorSpecs } from '../../../fixtures/checkpoint-safetensors.ts'
import { someTensor, storedWeights } from '../../../fixtures/stored-weights.ts'
import { temporaryDir } from '../../../fixtures/temporary-dir.ts'

const decode = (bytes: Uint8Array) => fromBinary(ModelProtoSchema, bytes)

const storedIn = async (dir: string, file: string, tensors: TensorSpecs) => {
  const path = join(dir, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, encodeSafetensors(tensors))
  const header = await readSafetensorsHeader(path)
  return { header, w: openWeights('unet', header).root }
}

/** The external initializers by name, with the file and the range of their bytes in the fields of ONNX. */
const externalData = (graph: Graph) =>
  Object.fromEntries(
    decode(encodeOnnx(graph).bytes)
      .graph!.initializer.filter(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL)
      .map(({ name, dims, dataType, externalData: entries }) => [
        name,
        {
          dims: dims.map(Number),
          dataType,
          ...Object.fromEntries(entries.map(({ key, value }) => [key, value])),
        },
      ]),
  )

describe('a graph encoded with open sizes', () => {
  const aGraph = (): Graph => {
    const g = createGraph('open')
    const x = g.input('x', [2, 3])
    g.output('y', reshape(g, x, [6]))
    return g
  }

  test('states no sizes of inputs and outputs, and makes the sizes of a reshape an input with a default', () => {
    const { input, output, node, initializer } = decode(encodeOnnx(aGraph(), { sizes: 'open' }).bytes).graph!
    const shapes = [...input, ...output].map(({ type }) =>
      type?.value.case === 'tensorType' ? type.value.value.shape : 'no tensor',
    )
    expect(shapes).toEqual([undefined, undefined, undefined])
    const [, sizes = ''] = node[0]!.input
    expect(input.map(({ name }) => name)).toEqual(['x', sizes])
    expect(initializer.map(({ name }) => name)).toContain(sizes)
  })

  test('keeps the sizes of reshaped weights as constants', async () => {
    const g = createGraph('weights')
    const w = await storedWeights({ weight: someTensor(1, [6]) })
    g.output('y', add(g, g.input('x', [2, 3]), reshape(g, g.weight(w.tensor('weight', [6])), [2, 3])))
    const { input } = decode(encodeOnnx(g, { sizes: 'open' }).bytes).graph!
    expect(input.map(({ name }) => name)).toEqual(['x'])
  })
})

describe('a graph encoded as ONNX', () => {
  test('lists its nodes in order, with their types, inputs, outputs and attributes', () => {
    const g = createGraph('small')
    const x = g.input('x', [1, 2, 4, 4])
    const y = g.within('up', () => resizeNearest(g, x, 2))
    g.output('y', quickGelu(g, reshape(g, y, [2, 64]), 1.702))
    const model = decode(encodeModel(g, () => ({ location: '', offsetBytes: 0 })))

    expect(model.irVersion).toBe(9n)
    expect(model.opsetImport.map(({ domain, version }) => [domain, version]).sort()).toEqual([
      ['', 20n],
      ['com.microsoft', 1n],
    ])
    const { name, node, input, output, initializer } = model.graph!
    expect(name).toBe('small')
    expect(node.map(({ domain, opType, input: from, output: to }) => ({ domain, opType, from, to }))).toEqual(
      [
        { domain: '', opType: 'Resize', from: ['x', '', 'constant'], to: ['up/Resize'] },
        { domain: '', opType: 'Reshape', from: ['up/Resize', 'constant_1'], to: ['Reshape'] },
        { domain: 'com.microsoft', opType: 'QuickGelu', from: ['Reshape'], to: ['QuickGelu'] },
        { domain: '', opType: 'Identity', from: ['QuickGelu'], to: ['y'] },
      ],
    )
    expect(node[2]?.attribute.map(({ name: attribute, f }) => [attribute, f])).toEqual([
      ['alpha', Math.fround(1.702)],
    ])
    const shapeOf = (value: (typeof input)[number] | undefined) =>
      value?.type?.value.case === 'tensorType'
        ? value.type.value.value.shape?.dim.map(({ value: size }) => Number(size.value))
        : undefined
    expect(input.map((value) => [value.name, shapeOf(value)])).toEqual([['x', [1, 2, 4, 4]]])
    expect(output.map((value) => [value.name, shapeOf(value)])).toEqual([['y', [2, 64]]])
    expect(initializer.map(({ dataType }) => dataType)).toEqual([
      TensorProto_DataType.FLOAT,
      TensorProto_DataType.INT64,
    ])
    const [scales, sizes] = initializer.map(({ rawData }) => rawData!.slice().buffer)
    expect([...new Float32Array(scales!)]).toEqual([1, 1, 2, 2])
    expect([...new BigInt64Array(sizes!)]).toEqual([2n, 64n])
  })

  test('stores inline numbers as float32 or as the bits of float16', () => {
    const g = createGraph('inline')
    const halves = Uint16Array.of(0x3c00, 0xc000)
    const part = Float32Array.of(0, 1, 2, 3).subarray(1, 3)
    expect(g.inline(halves, [2])).toMatchObject({ dtype: 'float16', shape: [2] })
    g.inline(part, [2])
    const { initializer } = decode(encodeModel(g, () => ({ location: '', offsetBytes: 0 }))).graph!
    expect(initializer.map(({ dataType }) => dataType)).toEqual([
      TensorProto_DataType.FLOAT16,
      TensorProto_DataType.FLOAT,
    ])
    const [first, second] = initializer.map(({ rawData }) => rawData!.slice().buffer)
    expect(new Uint16Array(first!)).toEqual(halves)
    expect(new Float32Array(second!)).toEqual(Float32Array.of(1, 2))
  })

  test('stores lists of integers and strings as attributes', () => {
    const g = createGraph('attributes')
    const weight = g.input('w', [3, 2, 3, 3])
    conv(g, g.input('x', [1, 2, 4, 4]), { weight, bias: null, strides: [1, 2], pads: [1, 0, 1, 0] })
    resizeNearest(g, g.input('z', [1, 1, 1, 1]), 2)
    const [first, second] = decode(encodeModel(g, () => ({ location: '', offsetBytes: 0 }))).graph!.node
    expect(first?.attribute.map(({ name, ints }) => [name, ints.map(Number)])).toEqual([
      ['kernel_shape', [3, 3]],
      ['strides', [1, 2]],
      ['pads', [1, 0, 1, 0]],
    ])
    expect(new TextDecoder().decode(second?.attribute[0]?.s)).toBe('nearest')
  })

  test('puts each output in the slot that its op defines, and leaves unread slots unnamed', () => {
    const g = createGraph('slots')
    const x = g.input('x', [1, 2, 8])
    const affine = { gamma: g.input('gamma', [8]), beta: g.input('beta', [8]) }
    const { normalized, sum } = skipLayerNorm(g, x, { ...affine, skip: x, bias: null, epsilon: 1e-5 })
    const outputs = (graph: Graph) => decode(encodeOnnx(graph).bytes).graph!.node[0]?.output
    g.output('y', normalized)
    expect(outputs(withoutUnused(g))).toEqual([normalized.name])
    g.output('z', sum)
    expect(outputs(withoutUnused(g))).toEqual([normalized.name, '', '', sum.name])
    const sumAlone = withoutUnused({ ...g, outputs: g.outputs.slice(1) })
    expect(outputs(sumAlone)).toEqual([normalized.name, '', '', sum.name])
  })

  test('imports only the operator domains that its nodes use', () => {
    const g = createGraph('plain')
    g.output('y', g.input('x', [1]))
    expect(decode(encodeOnnx(g).bytes).opsetImport.map(({ domain }) => domain)).toEqual([''])
    expect(encodeOnnx(g).externalDataDir).toBeNull()
    g.output('z', silu(g, g.input('w', [1])))
    expect(decode(encodeOnnx(g).bytes).opsetImport.map(({ domain }) => domain)).toContain('com.microsoft')
  })
})

describe('the weights of a graph encoded as ONNX', () => {
  test('have file, offset and length, also for rows and other views of a tensor', async () => {
    const { header, w } = await storedIn(await temporaryDir(), 'model.safetensors', {
      first: { dtype: 'F16', shape: [5] },
      second: { dtype: 'F32', shape: [4, 6] },
    })
    const g = createGraph('g')
    const second = w.tensor('second', [4, 6])
    g.weight(w.tensor('first', [5]))
    g.weight(rowsOf(second, 1, 3))
    g.weight(viewAs(second, [2, 12]))
    const location = 'model.safetensors'
    const start = (key: string): number => header.get(key)!.offsetBytes
    expect(start('second') - start('first')).toBe(10)
    expect(externalData(g)).toEqual({
      first: {
        dims: [5],
        dataType: TensorProto_DataType.FLOAT16,
        location,
        offset: String(start('first')),
        length: '10',
      },
      second: {
        dims: [2, 6],
        dataType: TensorProto_DataType.FLOAT,
        location,
        offset: String(start('second') + 6 * 4),
        length: String(2 * 6 * 4),
      },
      second_1: {
        dims: [2, 12],
        dataType: TensorProto_DataType.FLOAT,
        location,
        offset: String(start('second')),
        length: String(4 * 6 * 4),
      },
    })
  })

  test('are located from the deepest folder that contains all their files', async () => {
    const dir = await temporaryDir()
    const a = await storedIn(dir, 'blobs/deep/a.safetensors', { a: { dtype: 'F16', shape: [1] } })
    const b = await storedIn(dir, 'blobs/deeper/er/b.safetensors', { b: { dtype: 'F16', shape: [1] } })
    const g = createGraph('g')
    g.weight(a.w.tensor('a', [1]))
    expect(encodeOnnx(g).externalDataDir).toBe(join(dir, 'blobs/deep'))
    g.weight(b.w.tensor('b', [1]))
    expect(encodeOnnx(g).externalDataDir).toBe(join(dir, 'blobs'))
    expect(externalData(g)).toMatchObject({
      a: { location: 'deep/a.safetensors' },
      b: { location: 'deeper/er/b.safetensors' },
    })
  })

  test('cannot be encoded if they are known from configs alone', () => {
    const g = createGraph('g')
    g.weight(openWeights('unet', null).root.tensor('conv_in.weight', [3]))
    expect(() => encodeOnnx(g)).toThrow(
      new GraphError('conv_in.weight: a graph made from configs alone has no weights to run with'),
    )
  })
})
