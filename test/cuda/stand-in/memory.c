/* Device memory and copies.
 *
 * An allocation is an anonymous mapping, so its pages cost nothing until something touches them. Allocations beyond the
 * card's memory are refused. Copies of up to 1 MiB are made, because ONNX Runtime reads shapes back; larger ones are
 * counted alone, so that weights of gigabytes take no memory. What kernels would have written is zero everywhere. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "counts.h"

enum { OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2 };
enum { HOST_TO_HOST, HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE, BY_ADDRESS };
static const size_t COPIED_BYTES = 1 << 20;

static struct block { char *start; size_t size, mapped; int pinned; } *blocks;
static size_t n_blocks, capacity;

static int allocate(void **out, size_t size, int pinned) {
  int failure = standin_failure(pinned ? "cudaHostAlloc" : "cudaMalloc");
  if (failure) return failure;
  struct totals *t = &standin_totals;
  size_t mapped = (size + 4095) / 4096 * 4096 + 4096;
  pthread_mutex_lock(&standin_mutex);
  if (!pinned && t->current + size > standin_card_bytes()) {
    t->refused = size;
    pthread_mutex_unlock(&standin_mutex);
    return OUT_OF_MEMORY;
  }
  char *start = mmap(0, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) {
    pthread_mutex_unlock(&standin_mutex);
    return OUT_OF_MEMORY;
  }
  if (n_blocks == capacity) blocks = realloc(blocks, (capacity = capacity ? 2 * capacity : 256) * sizeof *blocks);
  blocks[n_blocks++] = (struct block){start, size, mapped, pinned};
  if (!pinned) {
    t->mallocs++;
    t->current += size;
    if (t->current > t->peak) t->peak = t->current;
  }
  if (standin_traces()) fprintf(stderr, "stand-in: %s %zu bytes, now %zu\n", pinned ? "host" : "device", size, t->current);
  pthread_mutex_unlock(&standin_mutex);
  *out = start;
  return OK;
}

static int release(void *start) {
  if (!start) return OK;
  int result = INVALID_VALUE;
  pthread_mutex_lock(&standin_mutex);
  for (size_t i = 0; i < n_blocks; i++)
    if (blocks[i].start == start) {
      if (!blocks[i].pinned) standin_totals.current -= blocks[i].size;
      munmap(start, blocks[i].mapped);
      blocks[i] = blocks[--n_blocks];
      result = OK;
      break;
    }
  pthread_mutex_unlock(&standin_mutex);
  return result;
}

enum { UNREGISTERED, PINNED, DEVICE };
static int memory_of(const void *address) {
  int type = UNREGISTERED;
  pthread_mutex_lock(&standin_mutex);
  for (size_t i = 0; i < n_blocks; i++)
    if ((char *)address >= blocks[i].start && (char *)address < blocks[i].start + blocks[i].size) {
      type = blocks[i].pinned ? PINNED : DEVICE;
      break;
    }
  pthread_mutex_unlock(&standin_mutex);
  return type;
}

static void count_copy(size_t size, int kind) {
  struct totals *t = &standin_totals;
  pthread_mutex_lock(&standin_mutex);
  if (kind == HOST_TO_DEVICE) { t->to_device++; t->to_device_bytes += size; }
  if (kind == DEVICE_TO_HOST) { t->to_host++; t->to_host_bytes += size; }
  if (kind == DEVICE_TO_DEVICE) t->on_device++;
  pthread_mutex_unlock(&standin_mutex);
}
static int kind_of(const void *to, const void *from, int kind) {
  if (kind != BY_ADDRESS) return kind;
  int from_device = memory_of(from) == DEVICE, to_device = memory_of(to) == DEVICE;
  return from_device ? (to_device ? DEVICE_TO_DEVICE : DEVICE_TO_HOST) : (to_device ? HOST_TO_DEVICE : HOST_TO_HOST);
}

EXPORT int cudaMemcpy(void *to, const void *from, size_t size, int kind) {
  int failure = standin_failure("cudaMemcpy");
  if (failure) return failure;
  kind = kind_of(to, from, kind);
  count_copy(size, kind);
  if (size && (size <= COPIED_BYTES || kind == HOST_TO_HOST)) memmove(to, from, size);
  return OK;
}
EXPORT int cudaMemcpyAsync(void *to, const void *from, size_t size, int kind, void *stream) {
  (void)stream;
  return cudaMemcpy(to, from, size, kind);
}
EXPORT int cudaMemcpy2DAsync(char *to, size_t to_pitch, const char *from, size_t from_pitch, size_t width, size_t height, int kind, void *stream) {
  (void)stream;
  kind = kind_of(to, from, kind);
  count_copy(width * height, kind);
  if (width * height <= COPIED_BYTES || kind == HOST_TO_HOST)
    for (size_t row = 0; row < height; row++) memmove(to + row * to_pitch, from + row * from_pitch, width);
  return OK;
}
EXPORT int cudaMemcpyFromSymbol(void *to, const void *symbol, size_t size, size_t offset, int kind) {
  (void)symbol; (void)offset; (void)kind;
  count_copy(size, DEVICE_TO_HOST);
  memset(to, 0, size);
  return OK;
}
EXPORT int cudaMemset(void *to, int value, size_t size) {
  pthread_mutex_lock(&standin_mutex);
  standin_totals.memsets++;
  pthread_mutex_unlock(&standin_mutex);
  if (size <= COPIED_BYTES) memset(to, value, size);
  return OK;
}
EXPORT int cudaMemsetAsync(void *to, int value, size_t size, void *stream) { (void)stream; return cudaMemset(to, value, size); }

EXPORT int cudaMalloc(void **out, size_t size) { return allocate(out, size, 0); }
EXPORT int cudaFree(void *start) { return release(start); }
EXPORT int cudaMallocHost(void **out, size_t size) { return allocate(out, size, 1); }
EXPORT int cudaHostAlloc(void **out, size_t size, unsigned flags) { (void)flags; return allocate(out, size, 1); }
EXPORT int cudaFreeHost(void *start) { return release(start); }
EXPORT int cudaMallocFromPoolAsync(void **out, size_t size, void *pool, void *stream) { (void)pool; (void)stream; return allocate(out, size, 0); }
EXPORT int cudaFreeAsync(void *start, void *stream) { (void)stream; return release(start); }
EXPORT int cudaMemGetInfo(size_t *free_bytes, size_t *total) {
  *total = standin_card_bytes();
  *free_bytes = *total - standin_totals.current;
  return OK;
}
struct pointer_attributes { int type, device; void *on_device, *on_host; long reserved[8]; };
EXPORT int cudaPointerGetAttributes(struct pointer_attributes *a, const void *address) {
  memset(a, 0, sizeof *a);
  a->type = memory_of(address);
  a->device = a->type == DEVICE ? 0 : -1;
  a->on_device = a->type == UNREGISTERED ? 0 : (void *)address;
  a->on_host = a->type == DEVICE ? 0 : (void *)address;
  return OK;
}
EXPORT int cudaMemPoolCreate(void **pool, const void *properties) { (void)properties; *pool = (void *)0x9001; return OK; }
EXPORT int cudaMemPoolDestroy(void *pool) { (void)pool; return OK; }
EXPORT int cudaMemPoolTrimTo(void *pool, size_t size) { (void)pool; (void)size; return OK; }
EXPORT int cudaMemPoolSetAttribute(void *pool, int attribute, void *value) { (void)pool; (void)attribute; (void)value; return OK; }
EXPORT int cudaMemPoolGetAttribute(void *pool, int attribute, void *value) { (void)pool; (void)attribute; *(uint64_t *)value = 0; return OK; }
