import { open, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { openRawFrames, writeRawFrames } from '../../../worker/video/raw-frames.ts'
import { temporaryDir } from '../../fixtures/temporary-dir.ts'
import { noiseFrames } from './frames.ts'

const SIZE = { width: 16, height: 8 }
const FRAME_BYTES = 16 * 8 * 3

const aFile = async (frames: readonly Uint8Array[]): Promise<string> => {
  const output = path.join(await temporaryDir(), 'clip.rgb')
  await writeFile(output, Buffer.concat(frames))
  return output
}

describe('writeRawFrames', () => {
  test('writes the frames one after the other, without bytes between them', async () => {
    const frames = noiseFrames(3, 16, 8)
    const output = await aFile([Buffer.from('an earlier clip')])
    expect(await writeRawFrames({ frames, ...SIZE, output })).toEqual({
      frameCount: 3,
      sizeBytes: 3 * FRAME_BYTES,
    })
    expect(await readFile(output)).toEqual(Buffer.concat(frames))
  })

  test('takes a frame only when the frame before is in the file', async () => {
    const output = path.join(await temporaryDir(), 'clip.rgb')
    const sizes: number[] = []
    async function* frames() {
      for (const frame of noiseFrames(4, 16, 8)) {
        sizes.push((await stat(output)).size)
        yield frame
      }
    }
    await writeRawFrames({ frames: frames(), ...SIZE, output })
    expect(sizes).toEqual([0, 1, 2, 3].map((count) => count * FRAME_BYTES))
  })

  test('refuses a frame of another size', async () => {
    const output = path.join(await temporaryDir(), 'clip.rgb')
    const frames = [...noiseFrames(1, 16, 8), ...noiseFrames(1, 16, 7)]
    await expect(writeRawFrames({ frames, ...SIZE, output })).rejects.toThrow('frame 1 has 336 bytes')
  })

  test('reports that the disk is full', async ({ skip }) => {
    const fullDisk = await stat('/dev/full').catch(() => null)
    skip(fullDisk === null, 'there is no /dev/full')
    const writing = writeRawFrames({ frames: noiseFrames(2, 16, 8), ...SIZE, output: '/dev/full' })
    await expect(writing).rejects.toThrow(
      '/dev/full: frame 0 (384 bytes) could not be written: the disk is full',
    )
    await expect(writing).rejects.toMatchObject({ cause: { code: 'ENOSPC' } })
  })
})

describe('a file of raw frames', () => {
  test('returns any frame, and all frames as often as requested', async () => {
    const frames = noiseFrames(3, 16, 8)
    await using raw = await openRawFrames(await aFile(frames), SIZE)
    expect(raw.frameCount).toBe(3)
    expect(await raw.frame(2)).toEqual(frames[2])
    expect(await Array.fromAsync(raw.frames())).toEqual(frames)
    expect(await Array.fromAsync(raw.frames())).toEqual(frames)
  })

  test('is read frame by frame, when each frame is requested', async () => {
    const file = await aFile(noiseFrames(3, 16, 8))
    await using raw = await openRawFrames(file, SIZE)
    const frames = raw.frames()
    await frames.next()
    const [late] = noiseFrames(1, 16, 8, 5)
    await using handle = await open(file, 'r+')
    await handle.write(late!, 0, FRAME_BYTES, FRAME_BYTES)
    expect((await frames.next()).value).toEqual(late)
  })

  test('causes an error if it shrinks', async () => {
    const file = await aFile(noiseFrames(2, 16, 8))
    await using raw = await openRawFrames(file, SIZE)
    await truncate(file, FRAME_BYTES + 3)
    await expect(raw.frame(1)).rejects.toThrow('frame 1 has 3 bytes; 16x8 RGB24 takes 384')
  })

  test.each([
    ['is empty', 0],
    ['ends within a frame', 2 * FRAME_BYTES - 1],
  ])('is refused if it %s', async (_, sizeBytes) => {
    const file = await aFile(noiseFrames(2, 16, 8))
    await truncate(file, sizeBytes)
    await expect(openRawFrames(file, SIZE)).rejects.toThrow(
      `clip.rgb has ${sizeBytes} bytes; frames of 16x8 RGB24 take 384 each`,
    )
  })
})
