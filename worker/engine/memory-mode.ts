/**
 *     resident   every network stays in memory between runs and jobs
 *     offload    one network at a time
 *     low-vram   offload, guidance's two passes one after the other, feed-forward layers in pieces
 *
 * All give the same frames.
 */
export type MemoryPlan = 'resident' | 'offload' | 'low-vram'
