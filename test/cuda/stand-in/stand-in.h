#pragma once
#include <stddef.h>

/* Functions that the stand-in libraries share. All of them are in libcudart.so.13. */
#define EXPORT __attribute__((visibility("default")))

/** Work on the card is one of these. Copies and memsets are counted apart. */
enum work { KERNEL, GEMM, CONVOLUTION };

/** Counts one launch. `name` is kept by address, so it must stay allocated. */
EXPORT void standin_count(enum work work, const char *name);
/** Keeps one line about something that a card would refuse. The report lists the first few. */
EXPORT void standin_fault(const char *text);
/** The counts since the last report, as JSON that the caller frees; the counts start anew. */
EXPORT char *standin_report(void);

/** The status that this call has to fail with, because SVD_STAND_IN_FAIL asks for it; 0: it succeeds. See fail.c. */
EXPORT int standin_failure(const char *call);
/** The status that lost the context; 0: none did. */
EXPORT int standin_lost(void);

/** A device attribute. cudaDeviceAttr and CUdevice_attribute share their numbers. */
EXPORT int standin_attribute(int attribute);
EXPORT const char *standin_card_name(void);
EXPORT size_t standin_card_bytes(void);

/** Whether SVD_STAND_IN_TRACE is set: allocations and cuDNN plans then go to stderr. */
EXPORT int standin_traces(void);
