/* Stand-in for libcurand.so.10. The provider names the library and uses no symbol of it. */
#include "stand-in.h"
EXPORT int curandGetVersion(int *version) { *version = 10400; return 0; }
