/** A dense tensor in row-major order. Networks take float32, and return float32 or bytes. */
export interface Tensor<Data extends Float32Array | Uint8Array = Float32Array> {
  readonly data: Data
  readonly shape: readonly number[]
}

/** Numbers from 0 to 255, such as RGB frames. */
export type ByteTensor = Tensor<Uint8Array>

/** Tensors that a network returns, by the names of its outputs. */
export type Outputs = Readonly<Record<string, Tensor | ByteTensor>>

const isFloat32 = (tensor: Tensor | ByteTensor): tensor is Tensor => tensor.data instanceof Float32Array

/** The outputs of a network that returns float32 alone. Throws TypeError if one has another type. */
export const float32Outputs = (outputs: Outputs): Readonly<Record<string, Tensor>> => {
  const floats: Record<string, Tensor> = {}
  for (const [name, tensor] of Object.entries(outputs)) {
    if (!isFloat32(tensor)) throw new TypeError(`output ${name} is uint8, not float32`)
    floats[name] = tensor
  }
  return floats
}

/** The output `name` as float32. Throws TypeError if it is missing or has another type. */
export const float32Output = (outputs: Outputs, name: string): Tensor => {
  const tensor = outputs[name]
  if (tensor === undefined || !isFloat32(tensor)) throw new TypeError(`there is no float32 output ${name}`)
  return tensor
}

/** The output `name` as bytes. Throws TypeError if it is missing or has another type. */
export const byteOutput = (outputs: Outputs, name: string): ByteTensor => {
  const tensor = outputs[name]
  if (tensor === undefined || isFloat32(tensor)) throw new TypeError(`there is no uint8 output ${name}`)
  return tensor
}
