/* Stand-ins for libnvinfer.so.10 and libnvonnxparser.so.10. Only dump_kernels.py needs them, because it makes every
 * provider of the build, TensorRT's too. One object, whose methods return 0, is logger, registry and runtime. */
#include "stand-in.h"
static void *zero(void) { return 0; }
#define ZEROS zero, zero, zero, zero, zero, zero, zero, zero
static void *(*methods[])(void) = {ZEROS, ZEROS, ZEROS, ZEROS, ZEROS, ZEROS, ZEROS, ZEROS};
static struct { void *methods, *self; } object = {methods, &object};
#define MAKE(name) EXPORT void *name(void) { return &object; }
MAKE(createInferBuilder_INTERNAL) MAKE(createInferRefitter_INTERNAL) MAKE(createInferRuntime_INTERNAL)
MAKE(createNvOnnxParserRefitter_INTERNAL) MAKE(createNvOnnxParser_INTERNAL) MAKE(getPluginRegistry)
EXPORT int getInferLibVersion(void) { return 101300; }
