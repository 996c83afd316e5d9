/* SPDX-License-Identifier: Apache-2.0 */
/* ncrypt.c -- key storage providers, of which there is one; what it can do; what it keeps. */
#include "layer/api/dll/ncrypt.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/nls.h"

static const char provider_name[] = "Microsoft Software Key Storage Provider";

LONG
ncrypt_status(NTSTATUS s)
{
	if (s >= 0)
		return 0;
	switch (s) {
	case STATUS_INVALID_HANDLE: return NTE_INVALID_HANDLE;
	case STATUS_INVALID_PARAMETER: return NTE_INVALID_PARAMETER;
	case STATUS_NOT_SUPPORTED: return NTE_NOT_SUPPORTED;
	case STATUS_BUFFER_TOO_SMALL: return NTE_BUFFER_TOO_SMALL;
	case STATUS_NO_MEMORY: return NTE_NO_MEMORY;
	case STATUS_INVALID_SIGNATURE: return NTE_BAD_SIGNATURE;
	case STATUS_NOT_FOUND: return NTE_NOT_FOUND;
	case STATUS_ACCESS_DENIED: return NTE_PERM;
	case STATUS_OBJECT_NAME_NOT_FOUND: return NTE_BAD_KEYSET;
	case STATUS_OBJECT_NAME_COLLISION: return NTE_EXISTS;
	}
	return NTE_FAIL;
}

struct ncrypt_provider *
ncrypt_provider(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == NCRYPT_PROVIDER ? h : NULL;
}

struct ncrypt_provider *
ncrypt_provider_new(void)
{
	struct ncrypt_provider *p = calloc(1, sizeof *p);
	if (p)
		p->magic = NCRYPT_PROVIDER;
	return p;
}

/* A store for keys of a platform module or a smart card is another one. */
bool
ncrypt_provider_named(const WCHAR *name)
{
	return !name || !*name || nls_equal_ascii(name, provider_name);
}

WINAPI LONG
ncrypt_NCryptOpenStorageProvider(void **out, const WCHAR *name, DWORD flags)
{
	if (!out)
		return NTE_INVALID_PARAMETER;
	*out = NULL;
	if (flags & ~(DWORD)NCRYPT_SILENT_FLAG)
		return NTE_BAD_FLAGS;
	if (!ncrypt_provider_named(name))
		return NTE_BAD_KEYSET;
	*out = ncrypt_provider_new();
	return *out ? 0 : NTE_NO_MEMORY;
}

WINAPI LONG
ncrypt_NCryptFreeObject(void *h)
{
	struct ncrypt_key *k = ncrypt_key(h);
	struct ncrypt_provider *p = k ? NULL : ncrypt_provider(h);
	if (k) {
		ncrypt_unref(k);
		return 0;
	}
	if (p) {
		p->magic = 0;
		free(p);
		return 0;
	}
	if ((ULONG_PTR)h < 0x10000 || *(DWORD *)h != NCRYPT_SECRET)
		return NTE_INVALID_HANDLE;
	ncrypt_secret_free(h);
	return 0;
}

WINAPI LONG
ncrypt_NCryptFreeBuffer(void *p)
{
	free(p);
	return 0;
}

WINAPI BOOL
ncrypt_NCryptIsKeyHandle(void *h)
{
	return ncrypt_key(h) != NULL;
}

/* -- what it can do ---------------------------------------------------------------------------- */

enum { OPERATION_ASYMMETRIC = 4, OPERATION_AGREEMENT = 8, OPERATION_SIGNATURE = 16 };

static const struct {
	const char *name;
	DWORD class, operations;
} algorithms[] = {
	{ "RSA", BCRYPT_ASYMMETRIC, OPERATION_ASYMMETRIC | OPERATION_SIGNATURE },
	{ "ECDSA", BCRYPT_SIGNATURE, OPERATION_SIGNATURE },
	{ "ECDSA_P256", BCRYPT_SIGNATURE, OPERATION_SIGNATURE },
	{ "ECDSA_P384", BCRYPT_SIGNATURE, OPERATION_SIGNATURE },
	{ "ECDSA_P521", BCRYPT_SIGNATURE, OPERATION_SIGNATURE },
	{ "ECDH", BCRYPT_AGREEMENT, OPERATION_AGREEMENT },
	{ "ECDH_P256", BCRYPT_AGREEMENT, OPERATION_AGREEMENT },
	{ "ECDH_P384", BCRYPT_AGREEMENT, OPERATION_AGREEMENT },
	{ "ECDH_P521", BCRYPT_AGREEMENT, OPERATION_AGREEMENT },
};
enum { ALGORITHMS = sizeof algorithms / sizeof *algorithms, NAME_ROOM = 12 };

struct algorithm_name {
	WCHAR *name;
	DWORD class, operations, flags;
};

static WCHAR *
widen(const char *s, WCHAR *to)
{
	nls_16_of_8(s, strlen(s) + 1, to, strlen(s) + 1, NULL);
	return to;
}

WINAPI LONG
ncrypt_NCryptEnumAlgorithms(void *h, DWORD operations, DWORD *count, struct algorithm_name **list,
                            DWORD flags)
{
	if (!ncrypt_provider(h))
		return NTE_INVALID_HANDLE;
	if (!count || !list)
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)NCRYPT_SILENT_FLAG)
		return NTE_BAD_FLAGS;
	struct algorithm_name *a = calloc(ALGORITHMS, sizeof *a + NAME_ROOM * sizeof(WCHAR));
	if (!a)
		return NTE_NO_MEMORY;
	WCHAR *text = (WCHAR *)(void *)(a + ALGORITHMS);
	DWORD n = 0;
	for (int i = 0; i < ALGORITHMS; i++)
		if (!operations || operations & algorithms[i].operations) {
			a[n] = (struct algorithm_name){
				widen(algorithms[i].name, text + n * NAME_ROOM),
				algorithms[i].class, algorithms[i].operations, 0
			};
			n++;
		}
	*count = n;
	*list = a;
	return 0;
}

WINAPI LONG
ncrypt_NCryptIsAlgSupported(void *h, const WCHAR *name, DWORD flags)
{
	if (!ncrypt_provider(h))
		return NTE_INVALID_HANDLE;
	if (!name)
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)NCRYPT_SILENT_FLAG)
		return NTE_BAD_FLAGS;
	for (int i = 0; i < ALGORITHMS; i++)
		if (nls_equal_ascii(name, algorithms[i].name))
			return 0;
	return NTE_NOT_SUPPORTED;
}

struct provider_name {
	WCHAR *name, *comment;
};

WINAPI LONG
ncrypt_NCryptEnumStorageProviders(DWORD *count, struct provider_name **list, DWORD flags)
{
	if (!count || !list)
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)NCRYPT_SILENT_FLAG)
		return NTE_BAD_FLAGS;
	struct provider_name *p = malloc(sizeof *p + (sizeof provider_name + 1) * sizeof(WCHAR));
	if (!p)
		return NTE_NO_MEMORY;
	p->name = widen(provider_name, (WCHAR *)(void *)(p + 1));
	p->comment = widen("", p->name + sizeof provider_name);
	*count = 1;
	*list = p;
	return 0;
}

/* -- what it keeps ------------------------------------------------------------------------------- */

struct key_name {
	WCHAR *name, *algorithm;
	DWORD legacy, flags;
};

/* Between two calls: the names that there were at the first one. */
struct walk {
	size_t n, at;
	bool machine;
	WCHAR *name[];
};

static LONG
walk_new(bool machine, struct walk **out)
{
	WCHAR **names;
	size_t n;
	NTSTATUS s = keystore_list(ncrypt_kind(machine), &names, &n);
	if (s < 0)
		return ncrypt_status(s);
	size_t bytes = sizeof **out + n * sizeof(WCHAR *);
	for (size_t i = 0; i < n; i++)
		bytes += (nls_length(names[i]) + 1) * sizeof(WCHAR);
	struct walk *w = malloc(bytes);
	if (w) {
		WCHAR *text = (WCHAR *)(void *)(w->name + n);
		*w = (struct walk){ .n = n, .machine = machine };
		for (size_t i = 0; i < n; i++) {
			size_t length = nls_length(names[i]) + 1;
			w->name[i] = memcpy(text, names[i], length * sizeof *text);
			text += length;
		}
	}
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
	*out = w;
	return w ? 0 : NTE_NO_MEMORY;
}

static LONG
describe(const struct walk *w, struct key_name **out)
{
	const WCHAR *name = w->name[w->at];
	struct ncrypt_key *k;
	LONG e = ncrypt_open(name, w->machine, &k);
	if (e)
		return e;
	size_t n = nls_length(name) + 1;
	struct key_name *d = malloc(sizeof *d + (n + 24) * sizeof(WCHAR));
	if (d) {
		d->name = memcpy(d + 1, name, n * sizeof(WCHAR));
		d->algorithm = widen(bcrypt_algorithm(k->pair->set.algorithm)->name, d->name + n);
		d->legacy = 0;
		d->flags = w->machine ? NCRYPT_MACHINE_KEY_FLAG : 0;
	}
	ncrypt_unref(k);
	*out = d;
	return d ? 0 : NTE_NO_MEMORY;
}

/* One at a time; *state is the caller's to free. */
WINAPI LONG
ncrypt_NCryptEnumKeys(void *h, const WCHAR *scope, struct key_name **out, void **state, DWORD flags)
{
	if (!ncrypt_provider(h))
		return NTE_INVALID_HANDLE;
	if (!out || !state || scope)
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)(NCRYPT_SILENT_FLAG | NCRYPT_MACHINE_KEY_FLAG))
		return NTE_BAD_FLAGS;
	*out = NULL;
	struct walk *w = *state;
	LONG e = w ? 0 : walk_new(flags & NCRYPT_MACHINE_KEY_FLAG, &w);
	if (e)
		return e;
	*state = w;
	/* one that was deleted since is passed over */
	for (; w->at < w->n; w->at++)
		if ((e = describe(w, out)) != NTE_BAD_KEYSET) {
			w->at += !e;
			return e;
		}
	return NTE_NO_MORE_ITEMS;
}
