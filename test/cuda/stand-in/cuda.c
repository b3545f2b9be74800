/* Stand-in for libcuda.so.1. The provider links one symbol of it; its TensorRT attention kernels, which it takes on
 * sm_75, open it for the others. Kernels that they launch are counted by name. */
#include <stdlib.h>
#include <string.h>
#include "stand-in.h"
#define QUIET(name) EXPORT int name(void) { return 0; }
QUIET(cuTensorMapEncodeTiled) QUIET(cuTensorMapEncodeIm2col) QUIET(cuInit) QUIET(cuFuncSetAttribute)
QUIET(cuFuncSetCacheConfig) QUIET(cuModuleUnload) QUIET(cuLinkDestroy) QUIET(cuLinkAddFile_v2) QUIET(cuLinkAddData_v2)
QUIET(cuLinkComplete)
EXPORT int cuModuleLoadData(void **module) { *module = calloc(1, 8); return 0; }
EXPORT int cuLinkCreate_v2(unsigned count, void *options, void **values, void **link) {
  (void)count; (void)options; (void)values;
  *link = calloc(1, 8);
  return 0;
}
EXPORT int cuGetErrorName(int error, const char **name) { *name = error ? "CUDA_ERROR_UNKNOWN" : "CUDA_SUCCESS"; return 0; }
EXPORT int cuGetErrorString(int error, const char **text) { return cuGetErrorName(error, text); }
EXPORT int cuDriverGetVersion(int *version) { *version = 13000; return 0; }
EXPORT int cuDeviceGetAttribute(int *value, int attribute, int device) { (void)device; *value = standin_attribute(attribute); return 0; }
/* A function is its name. */
EXPORT int cuModuleGetFunction(void **function, void *module, const char *name) { (void)module; *function = strdup(name); return 0; }
EXPORT int cuLaunchKernel(const char *function) { standin_count(KERNEL, function); return 0; }
EXPORT int cuLaunchCooperativeKernel(const char *function) { return cuLaunchKernel(function); }
