/* Kernels: registered by the provider when it is loaded, checked and counted when launched, never run. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "counts.h"

enum { OK = 0, INVALID_CONFIGURATION = 9, NO_KERNEL_IMAGE = 209 };
typedef struct { unsigned x, y, z; } dim3;

static __thread int last_error;
EXPORT int cudaGetLastError(void) { int error = last_error; last_error = OK; return standin_lost() ? standin_lost() : error; }
EXPORT int cudaPeekAtLastError(void) { return standin_lost() ? standin_lost() : last_error; }
/* Whether a fat binary has code for the card. An entry has a kind (1 PTX, 2 machine code) and an architecture.
 * Machine code of sm_XY runs on sm_XZ if Z >= Y; PTX runs on every card as new or newer. */
static int has_code(const unsigned char *binary) {
  uint32_t magic;
  uint16_t header;
  uint64_t size;
  memcpy(&magic, binary, 4); memcpy(&header, binary + 6, 2); memcpy(&size, binary + 8, 8);
  if (magic != 0xBA55ED50u) return 1;
  int sm = standin_attribute(75) * 10 + standin_attribute(76);
  for (const unsigned char *entry = binary + header, *end = entry + size; entry + 32 <= end;) {
    uint16_t kind;
    uint32_t entry_header, architecture;
    uint64_t entry_size;
    memcpy(&kind, entry, 2); memcpy(&entry_header, entry + 4, 4); memcpy(&entry_size, entry + 8, 8);
    memcpy(&architecture, entry + 28, 4);
    if (kind == 2 && (int)architecture / 10 == sm / 10 && (int)architecture <= sm) return 1;
    if (kind == 1 && (int)architecture <= sm) return 1;
    if (entry_header < 32 || entry_size > size) return 1;
    entry += entry_header + entry_size;
  }
  return 0;
}

/* The handle of a binary says whether the card can run what is in it. */
EXPORT void **__cudaRegisterFatBinary(void *wrapper) {
  struct { int magic, version; const unsigned char *binary; } *w = wrapper;
  void **handle = calloc(1, sizeof(void *));
  *handle = (void *)(uintptr_t)(w->magic == 0x466243b1 && w->binary && !has_code(w->binary));
  return handle;
}
EXPORT void __cudaRegisterFatBinaryEnd(void **handle) { (void)handle; }
EXPORT void __cudaUnregisterFatBinary(void **handle) { free(handle); }
EXPORT void __cudaRegisterVar(void) {}
EXPORT void __cudaRegisterFunction(void **handle, const void *host, char *device, const char *name) {
  (void)device;
  struct launched *entry = standin_entry(host);
  entry->name = name;
  entry->absent = *handle != 0;
}

static int launch(const void *kernel, dim3 grid, dim3 block) {
  int error = standin_failure("launch");
  char text[1024];
  if (error) return last_error = error;
  if (!grid.x || !grid.y || !grid.z || !block.x || !block.y || !block.z || grid.x > 2147483647u || grid.y > 65535 ||
      grid.z > 65535 || (size_t)block.x * block.y * block.z > 1024)
    error = INVALID_CONFIGURATION;
  pthread_mutex_lock(&standin_mutex);
  struct launched *entry = standin_entry(kernel);
  if (entry->absent) error = NO_KERNEL_IMAGE;
  if (!error) entry->count++;
  pthread_mutex_unlock(&standin_mutex);
  if (!error) return OK;
  if (error == NO_KERNEL_IMAGE)
    snprintf(text, sizeof text, "no code for sm_%d%d of %.900s", standin_attribute(75), standin_attribute(76), entry->name ? entry->name : "unnamed");
  else
    snprintf(text, sizeof text, "grid %u x %u x %u, block %u x %u x %u is empty or beyond the card's limits: %.800s",
             grid.x, grid.y, grid.z, block.x, block.y, block.z, entry->name ? entry->name : "unnamed");
  standin_fault(text);
  return last_error = error;
}

/* A launch written <<<grid, block>>> pushes its configuration, and the kernel's stub pops it. */
static __thread struct { dim3 grid, block; size_t shared; void *stream; } pushed[8];
static __thread int n_pushed;
EXPORT unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared, void *stream) {
  if (n_pushed < 8) {
    pushed[n_pushed].grid = grid; pushed[n_pushed].block = block;
    pushed[n_pushed].shared = shared; pushed[n_pushed].stream = stream;
    n_pushed++;
  }
  return 0;
}
EXPORT int __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared, void **stream) {
  if (n_pushed) {
    n_pushed--;
    *grid = pushed[n_pushed].grid; *block = pushed[n_pushed].block;
    *shared = pushed[n_pushed].shared; *stream = pushed[n_pushed].stream;
  }
  return OK;
}
EXPORT int __cudaGetKernel(const void **kernel, const void *host) { *kernel = host; return OK; }
EXPORT int __cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block) { return launch(kernel, grid, block); }
EXPORT int cudaLaunchKernel(const void *kernel, dim3 grid, dim3 block) { return launch(kernel, grid, block); }
EXPORT int cudaLaunchCooperativeKernel(const void *kernel, dim3 grid, dim3 block) { return launch(kernel, grid, block); }
/* The configuration begins with grid and block. */
EXPORT int cudaLaunchKernelExC(const dim3 *configuration, const void *kernel) { return launch(kernel, configuration[0], configuration[1]); }

struct function_attributes { size_t shared, constant, local; int max_threads, registers, ptx, binary, cache, max_dynamic, carveout; };
EXPORT int cudaFuncGetAttributes(struct function_attributes *a, const void *kernel) {
  (void)kernel;
  memset(a, 0, sizeof *a);
  a->max_threads = 1024; a->registers = 64; a->max_dynamic = 49152; a->carveout = -1;
  a->ptx = a->binary = standin_attribute(75) * 10 + standin_attribute(76);
  return OK;
}
EXPORT int cudaFuncSetAttribute(void) { return OK; }
EXPORT int cudaKernelSetAttributeForDevice(void) { return OK; }
/* A guess: a real card's answer depends on the registers and shared memory of the kernel. */
EXPORT int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks) { *blocks = 2; return OK; }
EXPORT int cudaLibraryLoadData(void **library) { *library = calloc(1, 64); return OK; }
EXPORT int cudaLibraryGetKernel(void **kernel, void *library, const char *name) {
  (void)library;
  *kernel = calloc(1, 64);
  pthread_mutex_lock(&standin_mutex);
  standin_entry(*kernel)->name = strdup(name);
  pthread_mutex_unlock(&standin_mutex);
  return OK;
}
EXPORT int cudaLibraryUnload(void *library) { free(library); return OK; }
static int succeed(void) { return OK; }
EXPORT int cudaGetDriverEntryPointByVersion(const char *symbol, void **function, unsigned version, unsigned long long flags, int *status) {
  (void)symbol; (void)version; (void)flags;
  *function = (void *)succeed;
  if (status) *status = 0;
  return OK;
}
