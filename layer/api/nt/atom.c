/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/atom.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls.h"

struct entry {
	WCHAR *name; /* own; NULL: free */
	uint32_t refs;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	struct entry *entry;
	size_t n;
} tables[ATOM_TABLES];

/* MAKEINTATOM or "#123": the number, or -1. */
static int
number(const WCHAR *name)
{
	uint32_t v = 0;
	if ((uintptr_t)name < 0x10000)
		return (uintptr_t)name < ATOM_FIRST && name ? (int)(uintptr_t)name : 0;
	if (*name != '#' || !name[1])
		return -1;
	for (const WCHAR *p = name + 1; *p; p++) {
		if (*p < '0' || *p > '9')
			return -1;
		v = v * 10 + (*p - '0');
		if (v >= ATOM_FIRST)
			return 0;
	}
	return (int)v;
}

static size_t
find(int table, const WCHAR *name)
{
	size_t i = 0;
	while (i < tables[table].n &&
	       !(tables[table].entry[i].name && nls_equal(tables[table].entry[i].name, name)))
		i++;
	return i;
}

ATOM
atom_add(int table, const WCHAR *name)
{
	int k = number(name);
	ATOM a = 0;
	if (k >= 0)
		return (ATOM)k;
	if (!*name || nls_length(name) > 255)
		return 0;
	pthread_mutex_lock(&lock);
	size_t i = find(table, name);
	if (i == tables[table].n)
		for (i = 0; i < tables[table].n && tables[table].entry[i].name;)
			i++;
	if (i == tables[table].n && i < 0x4000 - 1) {
		struct entry *e = realloc(tables[table].entry, (i + 16) * sizeof *e);
		if (e) {
			memset(e + i, 0, 16 * sizeof *e);
			tables[table].entry = e;
			tables[table].n = i + 16;
		}
	}
	if (i < tables[table].n) {
		struct entry *e = &tables[table].entry[i];
		if (e->name || (e->name = nls_dup(name))) {
			e->refs++;
			a = (ATOM)(ATOM_FIRST + i);
		}
	}
	pthread_mutex_unlock(&lock);
	return a;
}

ATOM
atom_find(int table, const WCHAR *name)
{
	int k = number(name);
	if (k >= 0)
		return (ATOM)k;
	pthread_mutex_lock(&lock);
	size_t i = find(table, name);
	ATOM a = i < tables[table].n ? (ATOM)(ATOM_FIRST + i) : 0;
	pthread_mutex_unlock(&lock);
	return a;
}

bool
atom_delete(int table, ATOM a)
{
	bool there = a > 0 && a < ATOM_FIRST;
	if (a < ATOM_FIRST)
		return there;
	pthread_mutex_lock(&lock);
	size_t i = a - (size_t)ATOM_FIRST;
	if (i < tables[table].n && tables[table].entry[i].name) {
		struct entry *e = &tables[table].entry[i];
		there = true;
		if (--e->refs == 0) {
			free(e->name);
			e->name = NULL;
		}
	}
	pthread_mutex_unlock(&lock);
	return there;
}

size_t
atom_name(int table, ATOM a, WCHAR *out, size_t room)
{
	WCHAR digits[8];
	const WCHAR *name = NULL;
	size_t n = 0;
	if (a && a < ATOM_FIRST) {
		size_t i = 7;
		digits[i] = 0;
		for (unsigned v = a; v; v /= 10)
			digits[--i] = (WCHAR)('0' + v % 10);
		digits[--i] = '#';
		name = digits + i;
	}
	pthread_mutex_lock(&lock);
	if (a >= ATOM_FIRST && a - (size_t)ATOM_FIRST < tables[table].n)
		name = tables[table].entry[a - ATOM_FIRST].name;
	if (name && room) {
		for (; n + 1 < room && name[n]; n++)
			out[n] = name[n];
		out[n] = 0;
	}
	pthread_mutex_unlock(&lock);
	return n;
}
