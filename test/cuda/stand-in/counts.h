#pragma once
#include <pthread.h>
#include "stand-in.h"

/* What libcudart.so.13 counts. One mutex guards all of it. */
extern pthread_mutex_t standin_mutex;

struct totals {
  size_t current, peak;                    /* bytes of device memory */
  size_t refused;                          /* size of the last allocation beyond the card's memory */
  size_t mallocs, memsets;
  size_t to_device, to_host, on_device;    /* copies */
  size_t to_device_bytes, to_host_bytes;
};
extern struct totals standin_totals;

/** One kernel, by the address that its launches name, or one library call, by the address of its name. */
struct launched {
  const void *key;
  const char *name;
  enum work work;
  unsigned long count;
  int absent;                              /* the provider has no code of it for this card */
};
/** The entry of `key`, made if there is none. The caller holds the mutex. */
struct launched *standin_entry(const void *key);
