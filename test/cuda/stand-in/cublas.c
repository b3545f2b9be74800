/* Stand-in for libcublas.so.13. Calls succeed, do nothing, and are counted. */
#include "stand-in.h"
#define COUNTED(work, name) EXPORT int name(void) { standin_count(work, #name); return 0; }
EXPORT int cublasCreate_v2(void **handle) { *handle = (void *)0xb1a5; return 0; }
EXPORT int cublasDestroy_v2(void *handle) { (void)handle; return 0; }
EXPORT int cublasSetStream_v2(void) { return 0; }
EXPORT int cublasGetMathMode(void *handle, int *mode) { (void)handle; *mode = 0; return 0; }
EXPORT int cublasSetMathMode(void) { return 0; }
EXPORT const char *cublasGetStatusName(int status) { return status ? "CUBLAS_STATUS_INTERNAL_ERROR" : "CUBLAS_STATUS_SUCCESS"; }
EXPORT const char *cublasGetStatusString(int status) { return cublasGetStatusName(status); }
COUNTED(GEMM, cublasDgemm_v2) COUNTED(GEMM, cublasSgemm_v2) COUNTED(GEMM, cublasGemmEx)
COUNTED(GEMM, cublasDgemmBatched) COUNTED(GEMM, cublasSgemmBatched) COUNTED(GEMM, cublasGemmBatchedEx)
COUNTED(GEMM, cublasDgemmStridedBatched) COUNTED(GEMM, cublasSgemmStridedBatched)
COUNTED(GEMM, cublasGemmStridedBatchedEx)
COUNTED(KERNEL, cublasDcopy_v2) COUNTED(KERNEL, cublasScopy_v2) COUNTED(KERNEL, cublasSscal_v2)
COUNTED(KERNEL, cublasDgeam) COUNTED(KERNEL, cublasSgeam)
COUNTED(KERNEL, cublasDgetrfBatched) COUNTED(KERNEL, cublasSgetrfBatched)
COUNTED(KERNEL, cublasDgetriBatched) COUNTED(KERNEL, cublasSgetriBatched)
