/**
 *     resident   every network stays in memory between runs and jobs
 *     offload    one network at a time
 *     low-vram   offload, guidance's two passes one after the other, feed-forward layers in chunks
 *
 * All give the same frames on the CPU. On a GPU, equal renders differ in the last bits anyway.
 */
export type MemoryPlan = 'resident' | 'offload' | 'low-vram'
