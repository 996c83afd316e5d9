/* env.h -- environment variables of the process, in the PEB's block.
 *
 * Names are compared without case.  The block is what ProcessParameters->Environment points to;
 * it is replaced as a whole under env.c's lock, so a program that walks it by itself sees a
 * whole one.
 */
#ifndef LAYER_API_NT_ENV_H
#define LAYER_API_NT_ENV_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

/* The value's length in *n, without a final zero; it is written only when there is room for
 * it (STATUS_BUFFER_TOO_SMALL).  STATUS_VARIABLE_NOT_FOUND. */
NTSTATUS env_get(const WCHAR *name, size_t length, WCHAR *out, size_t room, size_t *n);
WCHAR *env_dup(const WCHAR *name);      /* to be freed; NULL: there is none */
NTSTATUS env_set(const WCHAR *name, size_t length, const WCHAR *value, size_t n);  /* NULL removes */
WCHAR *env_block(size_t *units);        /* a copy, to be freed; units with both final zeros */
NTSTATUS env_replace(const WCHAR *block);
size_t env_size(const WCHAR *block);    /* units of a block, with both final zeros */
/* The same for any block: *at is where "NAME=value" stands, or NULL. */
const WCHAR *env_find(const WCHAR *block, const WCHAR *name, size_t length);
/* %NAME% -> value: how many units it is, without a final zero; written while room lasts.
 * block NULL: the process's. */
size_t env_expand(const WCHAR *block, const WCHAR *s, size_t length, WCHAR *out, size_t room);

#endif
