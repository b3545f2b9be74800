/* Stand-in for libcublas.so.13. Calls do nothing and are counted. They succeed, unless fail.c has another answer. */
#include "stand-in.h"
enum { EXECUTION_FAILED = 13 };
static int status_of(const char *call) {
  int failure = standin_failure(call);
  return failure && standin_lost() ? EXECUTION_FAILED : failure;
}
#define COUNTED(work, name) EXPORT int name(void) { standin_count(work, #name); return status_of(#name); }
EXPORT int cublasCreate_v2(void **handle) { *handle = (void *)0xb1a5; return status_of("cublasCreate_v2"); }
EXPORT int cublasDestroy_v2(void *handle) { (void)handle; return 0; }
EXPORT int cublasSetStream_v2(void) { return 0; }
EXPORT int cublasGetMathMode(void *handle, int *mode) { (void)handle; *mode = 0; return 0; }
EXPORT int cublasSetMathMode(void) { return 0; }
EXPORT const char *cublasGetStatusName(int status) {
  switch (status) {
    case 0: return "CUBLAS_STATUS_SUCCESS";
    case 1: return "CUBLAS_STATUS_NOT_INITIALIZED";
    case 3: return "CUBLAS_STATUS_ALLOC_FAILED";
    case 8: return "CUBLAS_STATUS_ARCH_MISMATCH";
    case 13: return "CUBLAS_STATUS_EXECUTION_FAILED";
    case 15: return "CUBLAS_STATUS_NOT_SUPPORTED";
    default: return "CUBLAS_STATUS_INTERNAL_ERROR";
  }
}
EXPORT const char *cublasGetStatusString(int status) { return cublasGetStatusName(status); }
COUNTED(GEMM, cublasDgemm_v2) COUNTED(GEMM, cublasSgemm_v2) COUNTED(GEMM, cublasGemmEx)
COUNTED(GEMM, cublasDgemmBatched) COUNTED(GEMM, cublasSgemmBatched) COUNTED(GEMM, cublasGemmBatchedEx)
COUNTED(GEMM, cublasDgemmStridedBatched) COUNTED(GEMM, cublasSgemmStridedBatched)
COUNTED(GEMM, cublasGemmStridedBatchedEx)
COUNTED(KERNEL, cublasDcopy_v2) COUNTED(KERNEL, cublasScopy_v2) COUNTED(KERNEL, cublasSscal_v2)
COUNTED(KERNEL, cublasDgeam) COUNTED(KERNEL, cublasSgeam)
COUNTED(KERNEL, cublasDgetrfBatched) COUNTED(KERNEL, cublasSgetrfBatched)
COUNTED(KERNEL, cublasDgetriBatched) COUNTED(KERNEL, cublasSgetriBatched)
