/* Stand-in for libcublasLt.so.13, as cublas.c. Its heuristic offers one algorithm without workspace. */
#include <stdint.h>
#include <string.h>
#include "stand-in.h"
#define COUNTED(work, name) EXPORT int name(void) { standin_count(work, #name); return 0; }
#define QUIET(name) EXPORT int name(void) { return 0; }
#define MAKE(name) EXPORT int name(void **handle) { *handle = (void *)0xb1a7; return 0; }
MAKE(cublasLtCreate) MAKE(cublasLtMatmulDescCreate) MAKE(cublasLtMatmulPreferenceCreate)
MAKE(cublasLtMatrixLayoutCreate) MAKE(cublasLtMatrixTransformDescCreate)
QUIET(cublasLtDestroy) QUIET(cublasLtMatmulDescDestroy) QUIET(cublasLtMatmulPreferenceDestroy)
QUIET(cublasLtMatrixLayoutDestroy) QUIET(cublasLtMatrixTransformDescDestroy)
QUIET(cublasLtMatmulDescSetAttribute) QUIET(cublasLtMatmulPreferenceSetAttribute)
QUIET(cublasLtMatrixLayoutSetAttribute) QUIET(cublasLtMatmulAlgoConfigSetAttribute) QUIET(cublasLtMatmulAlgoInit)
/* NVIDIA's cuDNN asks for these too. */
MAKE(cublasLtGroupedMatrixLayoutCreate)
QUIET(cublasLtMatmulDescGetAttribute) QUIET(cublasLtMatrixLayoutGetAttribute)
QUIET(cublasLtMatrixTransformDescGetAttribute) QUIET(cublasLtMatrixTransformDescSetAttribute)
EXPORT size_t cublasLtGetVersion(void) { return 130000; }
EXPORT int cublasLtGetProperty(int type, int *value) { *value = type == 0 ? 13 : 0; return 0; }
COUNTED(GEMM, cublasLtMatmul) COUNTED(KERNEL, cublasLtMatrixTransform)

struct result { uint64_t algorithm[8]; size_t workspace; int status; float waves; int reserved[4]; };
EXPORT int cublasLtMatmulAlgoGetHeuristic(void *handle, void *op, void *a, void *b, void *c, void *d, void *preference,
                                          int wanted, struct result *results, int *found) {
  (void)handle; (void)op; (void)a; (void)b; (void)c; (void)d; (void)preference;
  if (wanted < 1) return 7;
  memset(results, 0, sizeof *results);
  results->waves = 1;
  *found = 1;
  return 0;
}
