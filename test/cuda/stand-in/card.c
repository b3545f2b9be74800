/* The card that CUDA reports. SVD_STAND_IN_CARD names it, by default a10g; SVD_STAND_IN_MEMORY_BYTES overrides its memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "stand-in.h"

/* From NVIDIA's data sheets and the tables of compute capabilities in its programming guide. `gib` is what the driver
 * reports as total memory on the usual cloud instance. The provider has no code for V100: it stands for such cards. */
static const struct card {
  const char *key, *name;
  int major, minor, sms, shared_sm, shared_optin, threads_sm, blocks_sm, l2;
  double gib;
} CARDS[] = {
  {"v100", "Tesla V100-SXM2-16GB",  7, 0,  80,  98304,  98304, 2048, 32,  6 << 20, 15.77},
  {"t4",   "Tesla T4",              7, 5,  40,  65536,  65536, 1024, 16,  4 << 20, 14.56},
  {"a10g", "NVIDIA A10G",           8, 6,  80, 102400, 101376, 1536, 16,  6 << 20, 22.06},
  {"l4",   "NVIDIA L4",             8, 9,  58, 102400, 101376, 1536, 24, 48 << 20, 22.03},
  {"a100", "NVIDIA A100-SXM4-40GB", 8, 0, 108, 167936, 166912, 2048, 32, 40 << 20, 39.39},
  {"h100", "NVIDIA H100 80GB HBM3", 9, 0, 132, 233472, 232448, 2048, 32, 50 << 20, 79.11},
};

static const struct card *card(void) {
  static const struct card *chosen;
  if (chosen) return chosen;
  const char *key = getenv("SVD_STAND_IN_CARD");
  if (!key) key = "a10g";
  for (size_t i = 0; i < sizeof CARDS / sizeof *CARDS; i++)
    if (!strcmp(key, CARDS[i].key)) return chosen = &CARDS[i];
  fprintf(stderr, "SVD_STAND_IN_CARD: the stand-in knows no card %s\n", key);
  abort();
}

const char *standin_card_name(void) { return card()->name; }
size_t standin_card_bytes(void) {
  const char *bytes = getenv("SVD_STAND_IN_MEMORY_BYTES");
  return bytes ? strtoull(bytes, 0, 10) : (size_t)(card()->gib * (1ull << 30));
}

int standin_attribute(int attribute) {
  const struct card *c = card();
  switch (attribute) {
    case 1: case 2: case 3: return 1024;     /* threads of a block, and its x and y */
    case 4: return 64;                       /* its z */
    case 5: return 2147483647;               /* a grid's x */
    case 6: case 7: return 65535;            /* its y and z */
    case 8: return 49152;                    /* shared memory of a block */
    case 9: return 65536;                    /* constant memory */
    case 10: return 32;                      /* threads of a warp */
    case 11: return 2147483647;              /* pitch */
    case 12: case 82: return 65536;          /* registers of a block, of an SM */
    case 13: return 1500000;                 /* clock, kHz */
    case 14: return 512;                     /* alignment of textures */
    case 15: case 19: case 31: case 41: case 78: case 79: case 80: case 83: case 89: case 90: case 95: case 98:
    case 99: return 1;                       /* abilities that all these cards have */
    case 16: return c->sms;
    case 36: return 6251000;                 /* clock of the memory, kHz */
    case 37: return 384;                     /* its bus, bits */
    case 38: return c->l2;
    case 39: return c->threads_sm;
    case 40: return 2;                       /* copy engines */
    case 75: return c->major;
    case 76: return c->minor;
    case 81: return c->shared_sm;
    case 97: return c->shared_optin;
    case 106: return c->blocks_sm;
    case 111: return 1024;                   /* shared memory that CUDA keeps of a block's */
    case 115: return 1;                      /* memory pools */
    case 120: return c->major >= 9;          /* launches of clusters */
    case 134: return -1;                     /* NUMA node */
    default: return 0;
  }
}

/* cudaDeviceProp as CUDA 13 declares it */
struct properties {
  char name[256], uuid[16], luid[8];
  unsigned luidMask;
  size_t totalGlobalMem, sharedMemPerBlock;
  int regsPerBlock, warpSize;
  size_t memPitch;
  int maxThreadsPerBlock, maxThreadsDim[3], maxGridSize[3];
  size_t totalConstMem;
  int major, minor;
  size_t textureAlignment, texturePitchAlignment;
  int multiProcessorCount, integrated, canMapHostMemory;
  int textures[39];                          /* maxTexture1D to maxSurfaceCubemapLayered */
  size_t surfaceAlignment;
  int concurrentKernels, ECCEnabled, pciBusID, pciDeviceID, pciDomainID, tccDriver, asyncEngineCount,
      unifiedAddressing, memoryBusWidth, l2CacheSize, persistingL2CacheMaxSize, maxThreadsPerMultiProcessor,
      streamPrioritiesSupported, globalL1CacheSupported, localL1CacheSupported;
  size_t sharedMemPerMultiprocessor;
  int regsPerMultiprocessor, managedMemory, isMultiGpuBoard, multiGpuBoardGroupID, hostNativeAtomicSupported,
      pageableMemoryAccess, concurrentManagedAccess, computePreemptionSupported, canUseHostPointerForRegisteredMem,
      cooperativeLaunch;
  size_t sharedMemPerBlockOptin;
  int pageableMemoryAccessUsesHostPageTables, directManagedMemAccessFromHost, maxBlocksPerMultiProcessor,
      accessPolicyMaxWindowSize;
  size_t reservedSharedMemPerBlock;
  int hostRegisterSupported, sparseCudaArraySupported, hostRegisterReadOnlySupported, timelineSemaphore,
      memoryPoolsSupported, gdr;
  unsigned gdrFlush;
  int gdrOrder;
  unsigned poolHandles;
  int deferredMapping, ipcEventSupported, clusterLaunch, unifiedFunctionPointers, numaConfig, numaId, mps, hostNumaId;
  unsigned pciDev, pciSub;
  int hostNumaIpc, reserved[56];
};

EXPORT int cudaGetDeviceProperties(struct properties *p, int device) {
  (void)device;
  int failure = standin_failure("cudaGetDeviceProperties");
  if (failure) return failure;
  const struct card *c = card();
  memset(p, 0, sizeof *p);
  snprintf(p->name, sizeof p->name, "%s", c->name);
  memcpy(p->uuid, "stand-in-device0", 16);
  p->totalGlobalMem = standin_card_bytes();
  p->sharedMemPerBlock = 49152; p->regsPerBlock = 65536; p->warpSize = 32; p->memPitch = 2147483647;
  p->maxThreadsPerBlock = 1024;
  p->maxThreadsDim[0] = p->maxThreadsDim[1] = 1024; p->maxThreadsDim[2] = 64;
  p->maxGridSize[0] = 2147483647; p->maxGridSize[1] = p->maxGridSize[2] = 65535;
  p->totalConstMem = 65536; p->major = c->major; p->minor = c->minor;
  p->textureAlignment = 512; p->texturePitchAlignment = 32;
  p->multiProcessorCount = c->sms; p->canMapHostMemory = 1; p->surfaceAlignment = 512; p->concurrentKernels = 1;
  p->asyncEngineCount = 2; p->unifiedAddressing = 1; p->memoryBusWidth = 384; p->l2CacheSize = c->l2;
  p->maxThreadsPerMultiProcessor = c->threads_sm; p->streamPrioritiesSupported = 1;
  p->globalL1CacheSupported = p->localL1CacheSupported = 1;
  p->sharedMemPerMultiprocessor = c->shared_sm; p->regsPerMultiprocessor = 65536; p->managedMemory = 1;
  p->computePreemptionSupported = 1; p->cooperativeLaunch = 1; p->sharedMemPerBlockOptin = c->shared_optin;
  p->maxBlocksPerMultiProcessor = c->blocks_sm; p->reservedSharedMemPerBlock = 1024;
  p->hostRegisterSupported = 1; p->memoryPoolsSupported = 1; p->clusterLaunch = c->major >= 9; p->hostNumaId = -1;
  return 0;
}

EXPORT int cudaGetDeviceCount(int *count) { *count = 1; return standin_failure("cudaGetDeviceCount"); }
EXPORT int cudaGetDevice(int *device) { *device = 0; return 0; }
EXPORT int cudaSetDevice(int device) { return device == 0 ? standin_failure("cudaSetDevice") : 101; }
EXPORT int cudaDeviceSynchronize(void) { return standin_failure("cudaDeviceSynchronize"); }
EXPORT int cudaDriverGetVersion(int *version) { *version = 13000; return 0; }
EXPORT int cudaRuntimeGetVersion(int *version) { *version = 13000; return 0; }
EXPORT int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  *value = standin_attribute(attribute);
  return 0;
}
