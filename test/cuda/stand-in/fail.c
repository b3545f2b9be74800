/* Failures that a test asks for, with the statuses and texts of CUDA 13.
 *
 *   SVD_STAND_IN_FAIL=CALL:N:STATUS    the Nth call of CALL fails with STATUS; N = 0: every call
 *   SVD_STAND_IN_FAIL=@FILE            the same, read from FILE, which is deleted when the call fails: one failure for
 *                                      all processes that share the environment. Without FILE, nothing fails
 *
 * CALL is a function that asks for its failure here, or one of `launch`, `cudnn_convolution` and `cudnn_graph`: the
 * plan of a graph with a convolution, and of one without, such as the attention graph of sm_90.
 *
 * After a status that loses a context (700 and others), every call of CUDA fails with it, as on a card. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "stand-in.h"

static struct { char call[64]; unsigned long number; int status; const char *file; } asked;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static unsigned long calls;
static int lost;

static void read_request(void) {
  const char *text = getenv("SVD_STAND_IN_FAIL");
  char line[128] = "";
  if (!text || !*text) return;
  if (*text == '@') {
    FILE *file = fopen(asked.file = text + 1, "r");
    if (!file) return;
    if (!fgets(line, sizeof line, file)) line[0] = 0;
    fclose(file);
    text = line;
  }
  if (sscanf(text, "%63[^:]:%lu:%d", asked.call, &asked.number, &asked.status) == 3) return;
  fprintf(stderr, "SVD_STAND_IN_FAIL: '%s' is not CALL:N:STATUS\n", text);
  abort();
}

static int loses_context(const char *call, int status) {
  if (strncmp(call, "cuda", 4) && strcmp(call, "launch")) return 0;
  return status == 214 || status == 220 || (status >= 700 && status <= 719 && status != 701);
}

int standin_lost(void) { return lost; }

int standin_failure(const char *call) {
  pthread_once(&once, read_request);
  if (lost) return lost;
  if (strcmp(call, asked.call)) return 0;
  pthread_mutex_lock(&mutex);
  int fails = ++calls == asked.number || asked.number == 0;
  /* Another process may have failed in the meantime. */
  if (fails && asked.file && unlink(asked.file) != 0) fails = 0;
  if (fails && loses_context(call, asked.status)) lost = asked.status;
  pthread_mutex_unlock(&mutex);
  return fails ? asked.status : 0;
}

static const struct { int status; const char *name, *text; } ERRORS[] = {
  {0, "cudaSuccess", "no error"},
  {1, "cudaErrorInvalidValue", "invalid argument"},
  {2, "cudaErrorMemoryAllocation", "out of memory"},
  {3, "cudaErrorInitializationError", "initialization error"},
  {9, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
  {35, "cudaErrorInsufficientDriver", "CUDA driver version is insufficient for CUDA runtime version"},
  {46, "cudaErrorDevicesUnavailable", "CUDA-capable device(s) is/are busy or unavailable"},
  {100, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
  {101, "cudaErrorInvalidDevice", "invalid device ordinal"},
  {209, "cudaErrorNoKernelImageForDevice", "no kernel image is available for execution on the device"},
  {214, "cudaErrorECCUncorrectable", "uncorrectable ECC error encountered"},
  {220, "cudaErrorNvlinkUncorrectable", "uncorrectable NVLink error detected during the execution"},
  {700, "cudaErrorIllegalAddress", "an illegal memory access was encountered"},
  {702, "cudaErrorLaunchTimeout", "the launch timed out and was terminated"},
  {710, "cudaErrorAssert", "device-side assert triggered"},
  {714, "cudaErrorHardwareStackError", "hardware stack error"},
  {715, "cudaErrorIllegalInstruction", "an illegal instruction was encountered"},
  {716, "cudaErrorMisalignedAddress", "misaligned address"},
  {717, "cudaErrorInvalidAddressSpace", "operation not supported on global/shared address space"},
  {718, "cudaErrorInvalidPc", "invalid program counter"},
  {719, "cudaErrorLaunchFailure", "unspecified launch failure"},
  {802, "cudaErrorSystemNotReady", "system not yet initialized"},
  {803, "cudaErrorSystemDriverMismatch", "system has unsupported display driver / cuda driver combination"},
  {999, "cudaErrorUnknown", "unknown error"},
};
static size_t row_of(int status) {
  size_t row = 0, last = sizeof ERRORS / sizeof *ERRORS - 1;
  while (row < last && ERRORS[row].status != status) row++;
  return row;
}
EXPORT const char *cudaGetErrorName(int status) { return ERRORS[row_of(status)].name; }
EXPORT const char *cudaGetErrorString(int status) { return ERRORS[row_of(status)].text; }
