/* Streams, events and CUDA graphs. Nothing runs, so everything has completed already. */
#include <stdlib.h>
#include "stand-in.h"

static int capturing;
static int handle(void **out) { *out = calloc(1, 64); return 0; }
static int discard(void *object) { free(object); return 0; }

EXPORT int cudaStreamCreate(void **stream) { return handle(stream); }
EXPORT int cudaStreamCreateWithFlags(void **stream) {
  int failure = standin_failure("cudaStreamCreateWithFlags");
  return failure ? failure : handle(stream);
}
EXPORT int cudaStreamDestroy(void *stream) { return discard(stream); }
EXPORT int cudaStreamSynchronize(void) { return standin_failure("cudaStreamSynchronize"); }
EXPORT int cudaStreamWaitEvent(void) { return 0; }
EXPORT int cudaStreamIsCapturing(void *stream, int *status) { (void)stream; *status = capturing; return 0; }
EXPORT int cudaStreamBeginCapture(void) { capturing = 1; return 0; }
EXPORT int cudaStreamEndCapture(void *stream, void **graph) { (void)stream; capturing = 0; return handle(graph); }
EXPORT int cudaGraphInstantiate(void **executable) { return handle(executable); }
EXPORT int cudaGraphLaunch(void) { return 0; }
EXPORT int cudaGraphDestroy(void *graph) { return discard(graph); }
EXPORT int cudaGraphExecDestroy(void *executable) { return discard(executable); }
EXPORT int cudaEventCreate(void **event) { return handle(event); }
EXPORT int cudaEventCreateWithFlags(void **event) { return handle(event); }
EXPORT int cudaEventDestroy(void *event) { return discard(event); }
EXPORT int cudaEventRecord(void) { return 0; }
EXPORT int cudaEventSynchronize(void) { return 0; }
EXPORT int cudaEventElapsedTime(float *ms) { *ms = 0.001f; return 0; }
EXPORT int cudaLaunchHostFunc(void *stream, void (*run)(void *), void *data) { (void)stream; run(data); return 0; }
