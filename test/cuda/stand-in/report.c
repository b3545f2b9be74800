/* A Node addon that is one function: it returns the counts since its last call, as JSON.
 *
 * It links all stand-in libraries, so that loading it before ONNX Runtime's provider binds the provider to them: the
 * loader takes a library that is in the process already, by its soname, and looks for no other. Node-API is a stable C
 * interface, and these three prototypes of it spare the headers. */
#include <stdlib.h>
#include "stand-in.h"

typedef struct napi_env_s *napi_env;
typedef struct napi_value_s *napi_value;
extern int napi_create_string_utf8(napi_env env, const char *text, size_t length, napi_value *result);
extern int napi_create_function(napi_env env, const char *name, size_t length, napi_value (*call)(napi_env, void *),
                                void *data, napi_value *result);
static const size_t ZERO_TERMINATED = (size_t)-1;

static napi_value report(napi_env env, void *call) {
  (void)call;
  char *json = standin_report();
  napi_value text = 0;
  napi_create_string_utf8(env, json, ZERO_TERMINATED, &text);
  free(json);
  return text;
}

EXPORT napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  (void)exports;
  napi_value function = 0;
  napi_create_function(env, "report", ZERO_TERMINATED, report, 0, &function);
  return function;
}
