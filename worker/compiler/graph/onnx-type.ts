import { TensorProto_DataType } from 'onnx-buf'
import type { DType } from './value.ts'

/** Codes of the element types in ONNX: `TensorProto.DataType`. */
export const ONNX_TYPE: Readonly<Record<DType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
}
