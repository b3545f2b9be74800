/* Stand-in for libcudnn.so.9, complete enough for the CUDA provider's convolutions.
 *
 * ONNX Runtime describes a convolution to cuDNN as a graph of opaque "backend descriptors", asks a heuristic for engine
 * configurations, makes a plan of one, and asks the plan for its workspace. Here each descriptor is an empty block, each
 * graph has one engine, and no plan wants a workspace.
 *
 * SVD_STAND_IN_CUDNN is the path of NVIDIA's libcudnn.so.9, 9.8 or later. Descriptors, heuristics and plans are then
 * that library's. It makes them without a device, from a description of the card, which cuDNN calls deviceless
 * compilation. Refusals and workspace sizes are then real; only the execution is left out. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "stand-in.h"

enum { EXECUTION_FAILED = 5000 };
static void *the_stream;
EXPORT int cudnnCreate(void **handle) { *handle = (void *)0xcd99; return standin_failure("cudnnCreate"); }
EXPORT int cudnnDestroy(void *handle) { (void)handle; return 0; }
EXPORT int cudnnSetStream(void *handle, void *stream) { (void)handle; the_stream = stream; return 0; }
EXPORT int cudnnGetStream(void *handle, void **stream) { (void)handle; *stream = the_stream; return 0; }
EXPORT size_t cudnnGetCudartVersion(void) { return 13000; }
EXPORT const char *cudnnGetErrorString(int status) {
  switch (status) {
    case 0: return "CUDNN_STATUS_SUCCESS";
    case 1001: return "CUDNN_STATUS_NOT_INITIALIZED";
    case 3000: return "CUDNN_STATUS_NOT_SUPPORTED";
    case 4003: return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
    case 4004: return "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED";
    case 5000: return "CUDNN_STATUS_EXECUTION_FAILED";
    default: return "CUDNN_STATUS_INTERNAL_ERROR";
  }
}

/* ---- the backend interface; numbers of descriptors and attributes are those of cudnn_graph.h */
enum { ENGINE_HEURISTIC = 4, EXECUTION_PLAN = 5, CONVOLUTION_FORWARD = 10, CONVOLUTION_BACKWARD_DATA = 12, OPERATION_GRAPH = 15, DEVICE_PROPERTIES = 38 };
enum {
  ENGINE_HEURISTIC_RESULTS = 202, ENGINE_HEURISTIC_DEVICE = 204, ENGINE_CONFIG_ENGINE = 300, ENGINE_CONFIG_WORKSPACE = 303,
  ENGINE_CONFIG_SHARED_MEMORY = 304, PLAN_HANDLE = 400, PLAN_ENGINE_CONFIG = 401, PLAN_WORKSPACE = 402, PLAN_JSON = 405,
  PLAN_DEVICE = 407, GRAPH_HANDLE = 800, GRAPH_ENGINES = 802, ENGINE_INDEX = 1301, DEVICE_JSON = 2702,
};
enum { TYPE_INT64 = 3, TYPE_DESCRIPTOR = 15, TYPE_CHAR = 24 };

static struct {
  int (*create)(int, void **);
  int (*destroy)(void *);
  int (*finalize)(void *);
  int (*set)(void *, int, int, int64_t, const void *);
  int (*get)(void *, int, int, int64_t, int64_t *, void *);
  size_t (*version)(void);
  void (*last_error)(char *, size_t);
  void *card;                                /* description of the card; null: every descriptor is an empty block */
} nvidia;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load_nvidia(void) {
  const char *path = getenv("SVD_STAND_IN_CUDNN");
  if (!path) return;
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) { fprintf(stderr, "SVD_STAND_IN_CUDNN: %s\n", dlerror()); abort(); }
  *(void **)&nvidia.create = dlsym(library, "cudnnBackendCreateDescriptor");
  *(void **)&nvidia.destroy = dlsym(library, "cudnnBackendDestroyDescriptor");
  *(void **)&nvidia.finalize = dlsym(library, "cudnnBackendFinalize");
  *(void **)&nvidia.set = dlsym(library, "cudnnBackendSetAttribute");
  *(void **)&nvidia.get = dlsym(library, "cudnnBackendGetAttribute");
  *(void **)&nvidia.version = dlsym(library, "cudnnGetVersion");
  *(void **)&nvidia.last_error = dlsym(library, "cudnnGetLastErrorString");
  char json[2048];
  int length = snprintf(json, sizeof json,
    "{\"cudaDeviceId\":0,\"deviceVer\":%d,\"driverVer\":13000,\"totalGlobalMem\":%zu,\"maxGridSize\":[2147483647,65535,65535],"
    "\"maxBlockSize\":[1024,1024,64],\"regsPerBlock\":65536,\"multiProcessorCount\":%d,\"smCountOrigin\":0,\"warpSize\":32,"
    "\"maxSharedMemoryPerBlock\":49152,\"maxSharedMemoryPerBlockOptin\":%d,\"oversizedSharedMemoryPerBlock\":0,"
    "\"reservedSharedMemoryPerBlock\":%d,\"maxRegistersPerSM\":65536,\"maxCtasPerSM\":%d,\"maxThreadsPerBlock\":1024,"
    "\"maxThreadsPerSM\":%d,\"pciDeviceId\":0,\"isTccDriver\":0,\"supportCoopLaunch\":1,\"smClockRateKHz\":%d,"
    "\"memClockRateKHz\":%d,\"memoryBusWidth\":%d,\"l2CacheSize\":%d,\"deviceName\":\"%s\"}",
    standin_attribute(75) * 100 + standin_attribute(76) * 10, standin_card_bytes(), standin_attribute(16), standin_attribute(97),
    standin_attribute(111), standin_attribute(106), standin_attribute(39), standin_attribute(13), standin_attribute(36),
    standin_attribute(37), standin_attribute(38), standin_card_name());
  int error = nvidia.create(DEVICE_PROPERTIES, &nvidia.card);
  if (!error) error = nvidia.set(nvidia.card, DEVICE_JSON, TYPE_CHAR, length, json);
  if (!error) error = nvidia.finalize(nvidia.card);
  if (!error) return;
  char text[1000] = "";
  nvidia.last_error(text, sizeof text);
  fprintf(stderr, "SVD_STAND_IN_CUDNN: cuDNN refuses the description of the card: %d %s\n", error, text);
  abort();
}
static int is_nvidia(void) { pthread_once(&once, load_nvidia); return nvidia.card != 0; }

/* Descriptors that are looked up later: heuristics and plans get the card's description when they are finalized, and a
 * plan is a convolution or something else, such as the attention graph of sm_90.
 *
 * cudnn-frontend builds one graph at a time: operations, their graph, its heuristic, its plans. So a plan is a
 * convolution if one was created between the graph before and this one. */
static struct { void *descriptor; int type; enum work work; } known[4096];
#define KNOWN (sizeof known / sizeof *known)
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int convolutions_since_graph;
static enum work graph_work;

static void created(void *descriptor, int type) {
  pthread_mutex_lock(&mutex);
  if (type == CONVOLUTION_FORWARD || type == CONVOLUTION_BACKWARD_DATA) convolutions_since_graph++;
  if (type == OPERATION_GRAPH) {
    graph_work = convolutions_since_graph ? CONVOLUTION : KERNEL;
    convolutions_since_graph = 0;
  }
  if (type == ENGINE_HEURISTIC || type == EXECUTION_PLAN)
    for (size_t i = 0; i < KNOWN; i++)
      if (!known[i].descriptor) {
        known[i].descriptor = descriptor; known[i].type = type; known[i].work = graph_work;
        break;
      }
  pthread_mutex_unlock(&mutex);
}
static int find(void *descriptor, enum work *work, int forget) {
  int type = -1;
  pthread_mutex_lock(&mutex);
  for (size_t i = 0; i < KNOWN; i++)
    if (known[i].descriptor == descriptor) {
      type = known[i].type;
      *work = known[i].work;
      if (forget) known[i].descriptor = 0;
      break;
    }
  pthread_mutex_unlock(&mutex);
  return type;
}

EXPORT int cudnnBackendCreateDescriptor(int type, void **descriptor) {
  int error = 0;
  if (is_nvidia()) error = nvidia.create(type, descriptor); else *descriptor = calloc(1, 64);
  if (!error) created(*descriptor, type);
  return error;
}
EXPORT int cudnnBackendDestroyDescriptor(void *descriptor) {
  enum work work;
  find(descriptor, &work, 1);
  if (is_nvidia()) return nvidia.destroy(descriptor);
  free(descriptor);
  return 0;
}
EXPORT int cudnnBackendInitialize(void *descriptor) { (void)descriptor; return 0; }
EXPORT int cudnnBackendSetAttribute(void *descriptor, int name, int type, int64_t count, const void *values) {
  if (!is_nvidia() || name == PLAN_HANDLE || name == GRAPH_HANDLE) return 0;    /* there is no handle of NVIDIA's */
  return nvidia.set(descriptor, name, type, count, values);
}
EXPORT int cudnnBackendFinalize(void *descriptor) {
  enum work work;
  int error = 0, type = find(descriptor, &work, 0);
  if (type == EXECUTION_PLAN) error = standin_failure(work == CONVOLUTION ? "cudnn_convolution" : "cudnn_graph");
  if (error || !is_nvidia()) return error;
  if (type == ENGINE_HEURISTIC) error = nvidia.set(descriptor, ENGINE_HEURISTIC_DEVICE, TYPE_DESCRIPTOR, 1, &nvidia.card);
  if (type == EXECUTION_PLAN) error = nvidia.set(descriptor, PLAN_DEVICE, TYPE_DESCRIPTOR, 1, &nvidia.card);
  if (!error) error = nvidia.finalize(descriptor);
  if (standin_traces() && (error || type == EXECUTION_PLAN)) {
    char text[600] = "";
    int64_t workspace = -1, count;
    if (error) nvidia.last_error(text, sizeof text); else nvidia.get(descriptor, PLAN_WORKSPACE, TYPE_INT64, 1, &count, &workspace);
    fprintf(stderr, "stand-in: cuDNN finalize: status %d, workspace %lld bytes %s\n", error, (long long)workspace, text);
  }
  return error;
}
EXPORT int cudnnBackendExecute(void *handle, void *plan) {
  (void)handle;
  enum work work = KERNEL;
  find(plan, &work, 0);
  standin_count(work, work == CONVOLUTION ? "cudnn_convolution" : "cudnn_graph");
  return standin_lost() ? EXECUTION_FAILED : standin_failure("cudnnBackendExecute");
}
EXPORT int cudnnBackendGetAttribute(void *descriptor, int name, int type, int64_t wanted, int64_t *found, void *out) {
  if (is_nvidia()) return nvidia.get(descriptor, name, type, wanted, found, out);
  int64_t count = 0;
  switch (name) {
    /* One each; the caller made the descriptors that these fill. */
    case ENGINE_HEURISTIC_RESULTS: case ENGINE_CONFIG_ENGINE: case PLAN_ENGINE_CONFIG: count = 1; break;
    case ENGINE_CONFIG_WORKSPACE: case ENGINE_CONFIG_SHARED_MEMORY: case PLAN_WORKSPACE: case ENGINE_INDEX:
      count = 1;
      if (out) *(int64_t *)out = 0;
      break;
    case PLAN_JSON: count = 3; if (out && wanted >= 3) memcpy(out, "{}", 3); break;
    case GRAPH_ENGINES: count = 1; if (out) *(int64_t *)out = 1; break;
    default: break;                          /* notes and knobs: none */
  }
  if (found) *found = count;
  return 0;
}
EXPORT void cudnnGetLastErrorString(char *text, size_t size) { if (is_nvidia()) nvidia.last_error(text, size); else if (size) text[0] = 0; }
EXPORT size_t cudnnGetVersion(void) { return is_nvidia() ? nvidia.version() : 91300; }

/* ---- the older interface, which pooling, reductions, softmax, recurrent networks and normalisation use */
#define COUNTED(work, name) EXPORT int name(void) { standin_count(work, #name); return 0; }
#define QUIET(name) EXPORT int name(void) { return 0; }
#define MAKE(name) EXPORT int name(void **descriptor) { *descriptor = calloc(1, 64); return 0; }
#define DROP(name) EXPORT int name(void *descriptor) { free(descriptor); return 0; }
MAKE(cudnnCreateActivationDescriptor) MAKE(cudnnCreateConvolutionDescriptor) MAKE(cudnnCreateDropoutDescriptor)
MAKE(cudnnCreateFilterDescriptor) MAKE(cudnnCreateLRNDescriptor) MAKE(cudnnCreatePoolingDescriptor)
MAKE(cudnnCreateRNNDataDescriptor) MAKE(cudnnCreateRNNDescriptor) MAKE(cudnnCreateReduceTensorDescriptor)
MAKE(cudnnCreateTensorDescriptor)
DROP(cudnnDestroyActivationDescriptor) DROP(cudnnDestroyConvolutionDescriptor) DROP(cudnnDestroyDropoutDescriptor)
DROP(cudnnDestroyFilterDescriptor) DROP(cudnnDestroyLRNDescriptor) DROP(cudnnDestroyPoolingDescriptor)
DROP(cudnnDestroyRNNDataDescriptor) DROP(cudnnDestroyRNNDescriptor) DROP(cudnnDestroyReduceTensorDescriptor)
DROP(cudnnDestroyTensorDescriptor)
QUIET(cudnnSetActivationDescriptor) QUIET(cudnnSetConvolutionGroupCount) QUIET(cudnnSetConvolutionMathType)
QUIET(cudnnSetConvolutionNdDescriptor) QUIET(cudnnSetDropoutDescriptor) QUIET(cudnnSetFilterNdDescriptor)
QUIET(cudnnSetLRNDescriptor) QUIET(cudnnSetPoolingNdDescriptor) QUIET(cudnnSetRNNDataDescriptor)
QUIET(cudnnSetRNNDescriptor_v8) QUIET(cudnnSetReduceTensorDescriptor) QUIET(cudnnSetTensorNdDescriptor)
QUIET(cudnnDeriveBNTensorDescriptor) QUIET(cudnnSetTensor4dDescriptor) QUIET(cudnnSetTensor4dDescriptorEx)
COUNTED(CONVOLUTION, cudnnConvolutionBiasActivationForward) COUNTED(CONVOLUTION, cudnnConvolutionForward)
COUNTED(CONVOLUTION, cudnnConvolutionBackwardData)
COUNTED(KERNEL, cudnnActivationForward) COUNTED(KERNEL, cudnnAddTensor)
COUNTED(KERNEL, cudnnBatchNormalizationForwardInference) COUNTED(KERNEL, cudnnBatchNormalizationForwardTraining)
COUNTED(KERNEL, cudnnLRNCrossChannelForward) COUNTED(KERNEL, cudnnPoolingForward) COUNTED(KERNEL, cudnnRNNForward)
COUNTED(KERNEL, cudnnReduceTensor) COUNTED(KERNEL, cudnnSoftmaxForward)
static int none(size_t *bytes) { *bytes = 0; return 0; }
EXPORT int cudnnDropoutGetStatesSize(void *handle, size_t *bytes) { (void)handle; *bytes = 256; return 0; }
EXPORT int cudnnGetConvolutionForwardWorkspaceSize(void *h, void *x, void *w, void *c, void *y, int algorithm, size_t *bytes) {
  (void)h; (void)x; (void)w; (void)c; (void)y; (void)algorithm;
  return none(bytes);
}
EXPORT int cudnnGetReductionWorkspaceSize(void *h, void *r, void *a, void *c, size_t *bytes) { (void)h; (void)r; (void)a; (void)c; return none(bytes); }
EXPORT int cudnnGetReductionIndicesSize(void *h, void *r, void *a, void *c, size_t *bytes) { (void)h; (void)r; (void)a; (void)c; return none(bytes); }
