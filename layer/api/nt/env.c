/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/env.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/peb.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static WCHAR **
slot(void)
{
	return &peb_block.ProcessParameters->Environment; /* also before there is a thread */
}

size_t
env_size(const WCHAR *block)
{
	size_t n = 0;
	if (!block)
		return 0;
	while (block[n])
		n += nls_length(block + n) + 1;
	return n + 1 + (n == 0); /* an empty one has two zeros too */
}

const WCHAR *
env_find(const WCHAR *block, const WCHAR *name, size_t length)
{
	if (!block || !length)
		return NULL;
	WCHAR first = nls_up(*name);
	for (const WCHAR *p = block; *p; p += nls_length(p) + 1) {
		/* "=C:=C:\folder" is a variable too: its name begins with '=' */
		if (nls_up(*p) != first)
			continue;
		size_t n = 1;
		while (p[n] && p[n] != '=')
			n++;
		if (n == length && p[n] == '=' && nls_compare_case(p, n, name, n) == 0)
			return p;
	}
	return NULL;
}

NTSTATUS
env_get(const WCHAR *name, size_t length, WCHAR *out, size_t room, size_t *n)
{
	NTSTATUS s = STATUS_VARIABLE_NOT_FOUND;
	pthread_mutex_lock(&lock);
	const WCHAR *p = env_find(*slot(), name, length);
	if (p) {
		p += length + 1;
		*n = nls_length(p);
		s = STATUS_BUFFER_TOO_SMALL;
		if (room >= *n) {
			memcpy(out, p, *n * sizeof *p);
			if (room > *n)
				out[*n] = 0;
			s = STATUS_SUCCESS;
		}
	}
	pthread_mutex_unlock(&lock);
	return s;
}

WCHAR *
env_dup(const WCHAR *name)
{
	size_t length = nls_length(name);
	WCHAR *value = NULL;
	pthread_mutex_lock(&lock);
	const WCHAR *p = env_find(*slot(), name, length);
	if (p)
		value = nls_dup(p + length + 1);
	pthread_mutex_unlock(&lock);
	return value;
}

/* A new block becomes the process's.  The old one is not given back when it may be
 * the one the process was born with, which is not ours. */
static void
become(WCHAR *block, size_t units)
{
	static WCHAR *ours;
	*slot() = block;
	teb()->ProcessEnvironmentBlock->ProcessParameters->EnvironmentSize = units * sizeof *block;
	free(ours);
	ours = block;
}

/* Where a new variable belongs: blocks are sorted by name without case. */
static const WCHAR *
place(const WCHAR *block, const WCHAR *name, size_t length)
{
	const WCHAR *p = block;
	for (; *p; p += nls_length(p) + 1) {
		size_t n = 1;
		while (p[n] && p[n] != '=')
			n++;
		if (nls_compare_case(name, length, p, n) < 0)
			break;
	}
	return p;
}

NTSTATUS
env_set(const WCHAR *name, size_t length, const WCHAR *value, size_t n)
{
	NTSTATUS s = STATUS_SUCCESS;
	if (!length)
		return STATUS_INVALID_PARAMETER;
	for (size_t i = 1; i < length; i++)
		if (name[i] == '=')
			return STATUS_INVALID_PARAMETER;
	pthread_mutex_lock(&lock);
	static const WCHAR nothing[2];
	const WCHAR *old = *slot() ? *slot() : nothing, *p = env_find(old, name, length);
	size_t units = env_size(old), skip = p ? nls_length(p) + 1 : 0;
	size_t add = value ? length + n + 2 : 0;
	if (!p)
		p = place(old, name, length);
	/* to remove what is not there is no failure: Rust's remove_var and libuv count on it */
	if (value || skip) {
		size_t at = (size_t)(p - old);
		WCHAR *block = malloc((units + add + 2) * sizeof *block), *w = block;
		if (!block) {
			s = STATUS_NO_MEMORY;
		} else {
			memcpy(w, old, at * sizeof *w);
			w += at;
			if (value) {
				memcpy(w, name, length * sizeof *w);
				w += length;
				*w++ = '=';
				memcpy(w, value, n * sizeof *w);
				w += n;
				*w++ = 0;
			}
			memcpy(w, p + skip, (units - at - skip) * sizeof *w);
			w += units - at - skip;
			*w = 0; /* after the last variable has gone, two */
			become(block, env_size(block));
		}
	}
	pthread_mutex_unlock(&lock);
	return s;
}

WCHAR *
env_block(size_t *units)
{
	static const WCHAR nothing[2];
	pthread_mutex_lock(&lock);
	const WCHAR *from = *slot() ? *slot() : nothing;
	size_t n = env_size(from);
	WCHAR *p = malloc(n * sizeof *p);
	if (p)
		memcpy(p, from, n * sizeof *p);
	pthread_mutex_unlock(&lock);
	if (units)
		*units = n;
	return p;
}

NTSTATUS
env_replace(const WCHAR *block)
{
	size_t n = env_size(block);
	WCHAR *p = malloc(n * sizeof *p);
	if (!p)
		return STATUS_NO_MEMORY;
	memcpy(p, block, n * sizeof *p);
	pthread_mutex_lock(&lock);
	become(p, n);
	pthread_mutex_unlock(&lock);
	return STATUS_SUCCESS;
}

size_t
env_expand(const WCHAR *block, const WCHAR *s, size_t length, WCHAR *out, size_t room)
{
	size_t o = 0;
	if (!block)
		pthread_mutex_lock(&lock);
	for (size_t i = 0; i < length;) {
		size_t end = i + 1, n = 1;
		const WCHAR *from = s + i;
		if (s[i] == '%') {
			while (end < length && s[end] != '%')
				end++;
			const WCHAR *p = end < length ? env_find(block ? block : *slot(), s + i + 1,
			                                         end - i - 1)
			                              : NULL;
			if (p) {
				from = p + (end - i);
				n = nls_length(from);
				end++;
			} else { /* it stays as it stands; the second % may begin another */
				n = end - i;
			}
		}
		for (size_t j = 0; j < n; j++, o++)
			if (o < room)
				out[o] = from[j];
		i = end;
	}
	if (!block)
		pthread_mutex_unlock(&lock);
	if (o < room)
		out[o] = 0;
	return o;
}
