import { expect, test } from 'vitest'
import { decodeRecord, encodeCompactRecord, encodeRecord } from '../../../shared/contracts/record-bytes.ts'

const RECORD = { version: 1, name: 'é', list: [1, 2] }

test('a record for users is indented and ends with a newline', () => {
  expect(new TextDecoder().decode(encodeRecord(RECORD))).toBe(
    '{\n  "version": 1,\n  "name": "é",\n  "list": [\n    1,\n    2\n  ]\n}\n',
  )
})

test('a record for programs is one line', () => {
  expect(new TextDecoder().decode(encodeCompactRecord(RECORD))).toBe('{"version":1,"name":"é","list":[1,2]}')
})

test('both forms of a record are decoded into the same record', () => {
  expect([encodeRecord(RECORD), encodeCompactRecord(RECORD)].map(decodeRecord)).toEqual([RECORD, RECORD])
})

test('bytes that are not JSON are refused as a record', () => {
  expect(() => decodeRecord(Buffer.from('{"version":'))).toThrow(SyntaxError)
})
