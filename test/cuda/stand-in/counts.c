/* Counters of launches, copies and memory, and their report. */
#define _GNU_SOURCE
#include "counts.h"
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

pthread_mutex_t standin_mutex = PTHREAD_MUTEX_INITIALIZER;
struct totals standin_totals;

/* Open addressing. The provider registers some ten thousand kernels. */
#define SLOTS (1u << 17)
static struct launched table[SLOTS];

struct launched *standin_entry(const void *key) {
  unsigned i = (unsigned)(((uintptr_t)key >> 4) * 2654435761u) & (SLOTS - 1);
  while (table[i].key && table[i].key != key) i = (i + 1) & (SLOTS - 1);
  table[i].key = key;
  return &table[i];
}

void standin_count(enum work work, const char *name) {
  pthread_mutex_lock(&standin_mutex);
  struct launched *entry = standin_entry(name);
  entry->name = name;
  entry->work = work;
  entry->count++;
  pthread_mutex_unlock(&standin_mutex);
}

#define FAULTS 8
static char *faults[FAULTS];
static int n_faults;
void standin_fault(const char *text) {
  pthread_mutex_lock(&standin_mutex);
  if (n_faults < FAULTS) faults[n_faults++] = strdup(text);
  pthread_mutex_unlock(&standin_mutex);
}

int standin_traces(void) {
  static int traces = -1;
  if (traces < 0) traces = getenv("SVD_STAND_IN_TRACE") != 0;
  return traces;
}

/* libstdc++ is in the process already, because ONNX Runtime links it. */
static char *demangled(const char *name) {
  typedef char *(*demangle_t)(const char *, char *, size_t *, int *);
  static demangle_t demangle;
  if (!demangle) {
    void *library = dlopen("libstdc++.so.6", RTLD_LAZY);
    if (library) demangle = (demangle_t)dlsym(library, "__cxa_demangle");
  }
  int status = 0;
  char *text = demangle ? demangle(name, 0, 0, &status) : 0;
  return text ? text : strdup(name);
}

static void write_text(FILE *out, const char *text) {
  fputc('"', out);
  for (; *text; text++) {
    if (*text == '"' || *text == '\\') fputc('\\', out);
    fputc((unsigned char)*text < ' ' ? ' ' : *text, out);
  }
  fputc('"', out);
}

/* Several kernels can share one name (a static function in two files), so this is a list, not an object. */
static void write_counts(FILE *out, const char *field, enum work work) {
  fprintf(out, ",\"%s\":[", field);
  int first = 1;
  for (unsigned i = 0; i < SLOTS; i++) {
    if (!table[i].count || table[i].work != work) continue;
    char *name = demangled(table[i].name ? table[i].name : "unnamed");
    fputs(first ? "[" : ",[", out);
    write_text(out, name);
    fprintf(out, ",%lu]", table[i].count);
    free(name);
    first = 0;
  }
  fputc(']', out);
}

char *standin_report(void) {
  char *json = 0;
  size_t length = 0;
  FILE *out = open_memstream(&json, &length);
  pthread_mutex_lock(&standin_mutex);
  struct totals *t = &standin_totals;
  fprintf(out, "{\"heldBytes\":%zu,\"peakBytes\":%zu,\"refusedBytes\":%zu,\"mallocs\":%zu,\"memsets\":%zu", t->current, t->peak, t->refused, t->mallocs, t->memsets);
  fprintf(out, ",\"copiesToDevice\":%zu,\"copiesToHost\":%zu,\"copiesOnDevice\":%zu", t->to_device, t->to_host, t->on_device);
  fprintf(out, ",\"hostToDeviceBytes\":%zu,\"deviceToHostBytes\":%zu", t->to_device_bytes, t->to_host_bytes);
  write_counts(out, "kernels", KERNEL);
  write_counts(out, "gemms", GEMM);
  write_counts(out, "convolutions", CONVOLUTION);
  fputs(",\"faults\":[", out);
  for (int i = 0; i < n_faults; i++) {
    if (i) fputc(',', out);
    write_text(out, faults[i]);
    free(faults[i]);
  }
  fputs("]}", out);
  n_faults = 0;
  *t = (struct totals){.current = t->current, .peak = t->current};
  for (unsigned i = 0; i < SLOTS; i++) table[i].count = 0;
  pthread_mutex_unlock(&standin_mutex);
  fclose(out);
  return json;
}
