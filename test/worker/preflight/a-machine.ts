import type { Machine } from '../../../worker/preflight/machine.ts'

/** A machine on which every check passes. */
export const aMachine = (changes: Partial<Machine> = {}): Machine => ({
  nodeVersion: '24.1.0',
  cpu: 'Abacus, 8 logical cores',
  temporaryDir: '/temporary',
  totalMemoryBytes: () => 64e9,
  availableMemoryBytes: async () => 32e9,
  onnxRuntime: async () => ({ version: '1.30.0', providers: ['cpu'] }),
  runOnCard: async () => {},
  ffmpeg: async () => ({
    path: '/bin/ffmpeg',
    source: 'PATH',
    version: '7.1',
    encoders: ['libx264', 'libvpx-vp9', 'gif', 'prores_ks'],
  }),
  tryWriting: async () => {},
  freeDiskBytes: async () => 100e9,
  ...changes,
})
