/* SPDX-License-Identifier: Apache-2.0 */
/* ncrypt_key.c -- keys: created, finalized, kept under a name, opened, deleted. */
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "layer/api/dll/ncrypt.h"
#include "layer/api/nt/text/nls.h"

WINAPI NTSTATUS bcrypt_BCryptOpenAlgorithmProvider(void **out, const WCHAR *id,
                                                   const WCHAR *implementation, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptCloseAlgorithmProvider(void *h, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptGenerateKeyPair(void *h, void **out, ULONG bits, ULONG flags);
WINAPI NTSTATUS bcrypt_BCryptFinalizeKeyPair(void *h, ULONG flags);

enum { RSA_DEFAULT = 2048 };

struct ncrypt_key *
ncrypt_key(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == NCRYPT_KEY ? h : NULL;
}

struct ncrypt_key *
ncrypt_around(struct bcrypt_pair *pair)
{
	struct ncrypt_key *k = calloc(1, sizeof *k);
	if (!k)
		return NULL;
	k->magic = NCRYPT_KEY;
	k->refs = 1;
	k->pair = pair;
	k->usage = NCRYPT_ALLOW_ALL_USAGES;
	return k;
}

struct ncrypt_key *
ncrypt_ref(struct ncrypt_key *k)
{
	k->refs++;
	return k;
}

void
ncrypt_unref(struct ncrypt_key *k)
{
	if (--k->refs)
		return;
	if (k->pair)
		bcrypt_pair_destroy(k->pair);
	ncrypt_properties_free(k);
	free(k->name);
	cipher_wipe(k, sizeof *k);
	free(k);
}

/* The algorithm that a key is of when nobody says it: of a curve by its name. */
static const char *
algorithm_of(const struct keypair *k, bool ecdh)
{
	static const char *const names[2][CURVE_KINDS] = {
		{ "ECDSA_P256", "ECDSA_P384", "ECDSA_P521" },
		{ "ECDH_P256", "ECDH_P384", "ECDH_P521" }
	};
	return k->rsa ? "RSA" : names[ecdh][k->curve.kind];
}

struct ncrypt_key *
ncrypt_of(struct keypair *own, bool ecdh, DWORD policy)
{
	struct bcrypt_pair *pair = bcrypt_pair_of(algorithm_of(own, ecdh), own);
	if (!pair)
		return NULL;
	struct ncrypt_key *k = ncrypt_around(pair);
	if (!k) {
		bcrypt_pair_destroy(pair);
		return NULL;
	}
	k->policy = policy;
	k->final = true;
	return k;
}

/* -- creating -------------------------------------------------------------------------------- */

enum keystore_kind
ncrypt_kind(bool machine)
{
	return machine ? KEYSTORE_CNG_MACHINE : KEYSTORE_CNG;
}

static bool
is_kept(const WCHAR *name, bool machine)
{
	BYTE *p;
	size_t n;
	NTSTATUS s = keystore_get(ncrypt_kind(machine), name, &p, &n);
	if (s >= 0) {
		cipher_wipe(p, n);
		free(p);
	}
	return s != STATUS_OBJECT_NAME_NOT_FOUND;
}

static LONG
generate(const WCHAR *algorithm, struct bcrypt_pair **out)
{
	void *p, *pair;
	NTSTATUS s = bcrypt_BCryptOpenAlgorithmProvider(&p, algorithm, NULL, 0);
	if (s < 0)
		return s == STATUS_NOT_FOUND ? NTE_NOT_SUPPORTED : ncrypt_status(s);
	bool rsa = nls_equal_ascii(algorithm, "RSA");
	s = bcrypt_BCryptGenerateKeyPair(p, &pair, rsa ? RSA_DEFAULT : 0, 0);
	bcrypt_BCryptCloseAlgorithmProvider(p, 0);
	if (s >= 0)
		*out = pair;
	return ncrypt_status(s);
}

WINAPI LONG
ncrypt_NCryptCreatePersistedKey(void *h, void **out, const WCHAR *algorithm, const WCHAR *name,
                                DWORD legacy, DWORD flags)
{
	enum { KNOWN = NCRYPT_MACHINE_KEY_FLAG | NCRYPT_OVERWRITE_KEY_FLAG | NCRYPT_SILENT_FLAG };
	struct bcrypt_pair *pair = NULL;
	bool machine = flags & NCRYPT_MACHINE_KEY_FLAG;
	(void)legacy; /* AT_SIGNATURE ...: this provider's keys are not counted so */
	if (!ncrypt_provider(h))
		return NTE_INVALID_HANDLE;
	if (!out || !algorithm || (name && nls_length(name) > KEYSTORE_NAME_MOST))
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)KNOWN)
		return NTE_BAD_FLAGS;
	if (name && !*name)
		return NTE_INVALID_PARAMETER;
	if (name && !(flags & NCRYPT_OVERWRITE_KEY_FLAG) && is_kept(name, machine))
		return NTE_EXISTS;
	LONG e = generate(algorithm, &pair);
	if (e)
		return e;
	struct ncrypt_key *k = ncrypt_around(pair);
	if (!k) {
		bcrypt_pair_destroy(pair);
		return NTE_NO_MEMORY;
	}
	k->machine = machine;
	k->replace = flags & NCRYPT_OVERWRITE_KEY_FLAG;
	if (name && !(k->name = nls_dup(name))) {
		ncrypt_unref(k);
		return NTE_NO_MEMORY;
	}
	*out = k;
	return 0;
}

WINAPI LONG
ncrypt_NCryptFinalizeKey(void *h, DWORD flags)
{
	enum {
		KNOWN = NCRYPT_NO_KEY_VALIDATION | NCRYPT_WRITE_KEY_TO_LEGACY_STORE_FLAG |
		        NCRYPT_SILENT_FLAG
	};
	struct ncrypt_key *k = ncrypt_key(h);
	if (!k)
		return NTE_INVALID_HANDLE;
	if (flags & ~(DWORD)KNOWN)
		return NTE_BAD_FLAGS;
	if (k->final)
		return NTE_INVALID_HANDLE;
	if (!k->pair->ready) {
		NTSTATUS s = bcrypt_BCryptFinalizeKeyPair(k->pair, 0);
		if (s < 0)
			return ncrypt_status(s);
	}
	LONG e = ncrypt_keep(k, k->replace);
	if (!e)
		k->final = true;
	return e;
}

/* -- a key as bytes: version, policy, usage, algorithm, properties, PKCS #8 ------------------------ */

enum { FORM = 1 };

static void
put32(struct der *d, uint32_t v)
{
	der_raw(d, &v, sizeof v);
}

static void
put_sized(struct der *d, const void *p, size_t n)
{
	put32(d, (uint32_t)n);
	der_raw(d, p, n);
}

LONG
ncrypt_keep(const struct ncrypt_key *k, bool replace)
{
	struct der d = { 0 };
	NTSTATUS s = STATUS_NO_MEMORY;
	if (!k->name)
		return 0;
	const char *algorithm = bcrypt_algorithm(k->pair->set.algorithm)->name;
	put32(&d, FORM);
	put32(&d, k->policy);
	put32(&d, k->usage);
	put_sized(&d, algorithm, strlen(algorithm));
	for (const struct ncrypt_property *p = k->properties; p; p = p->next)
		if (p->kept) {
			put_sized(&d, p->name, nls_length(p->name) * sizeof *p->name);
			put_sized(&d, p->data, p->n);
		}
	put32(&d, 0);
	keypair_put_pkcs8(&k->pair->pair, &d);
	if (!d.bad)
		s = keystore_put(ncrypt_kind(k->machine), k->name, d.p, d.n, replace);
	der_free(&d);
	return ncrypt_status(s);
}

static bool
read_properties(struct ncrypt_key *k, struct cur *c)
{
	for (;;) {
		uint32_t name_size = cur_u32(c);
		if (!name_size)
			return !c->bad;
		const BYTE *name = cur_bytes(c, name_size);
		uint32_t n = cur_u32(c);
		const BYTE *data = cur_bytes(c, n);
		if (c->bad)
			return false;
		struct ncrypt_property *p = malloc(sizeof *p + n);
		if (!p || !(p->name = calloc(1, name_size + sizeof(WCHAR)))) {
			free(p);
			return false;
		}
		memcpy(p->name, name, name_size);
		memcpy(p->data, data, n);
		p->n = n;
		p->kept = true;
		p->next = k->properties;
		k->properties = p;
	}
}

/* NULL: they are no key. */
static struct ncrypt_key *
read_key(const BYTE *p, size_t n)
{
	static const char *const known[] = { "RSA",        "ECDSA",      "ECDSA_P256",
		                             "ECDSA_P384", "ECDSA_P521", "ECDH",
		                             "ECDH_P256",  "ECDH_P384",  "ECDH_P521" };
	struct cur c = cur_of(p, n);
	struct keypair own = { 0 };
	struct ncrypt_key *k = ncrypt_around(NULL);
	uint32_t form = cur_u32(&c), policy = cur_u32(&c), usage = cur_u32(&c), size = cur_u32(&c);
	const char *name = (const char *)cur_bytes(&c, size), *algorithm = NULL;
	for (size_t i = 0; !c.bad && i < sizeof known / sizeof *known; i++)
		if (strlen(known[i]) == size && !memcmp(known[i], name, size))
			algorithm = known[i];
	if (!k || form != FORM || !algorithm || !read_properties(k, &c) ||
	    !keypair_read_pkcs8(&own, (struct x509_span){ c.p, cur_left(&c) }))
		goto bad;
	if (own.rsa == !strcmp(algorithm, "RSA"))
		k->pair = bcrypt_pair_of(algorithm, &own);
	if (!k->pair)
		goto bad;
	k->policy = policy;
	k->usage = usage;
	k->final = true;
	return k;
bad:
	keypair_clear(&own);
	if (k)
		ncrypt_unref(k);
	return NULL;
}

LONG
ncrypt_open(const WCHAR *name, bool machine, struct ncrypt_key **out)
{
	BYTE *p;
	size_t n;
	NTSTATUS s = keystore_get(ncrypt_kind(machine), name, &p, &n);
	if (s < 0)
		return ncrypt_status(s);
	struct ncrypt_key *k = read_key(p, n);
	cipher_wipe(p, n);
	free(p);
	if (!k)
		return NTE_BAD_DATA;
	k->machine = machine;
	if (!(k->name = nls_dup(name))) {
		ncrypt_unref(k);
		return NTE_NO_MEMORY;
	}
	*out = k;
	return 0;
}

WINAPI LONG
ncrypt_NCryptOpenKey(void *h, void **out, const WCHAR *name, DWORD legacy, DWORD flags)
{
	struct ncrypt_key *k;
	(void)legacy;
	if (!ncrypt_provider(h))
		return NTE_INVALID_HANDLE;
	if (!out || !name)
		return NTE_INVALID_PARAMETER;
	if (flags & ~(DWORD)(NCRYPT_MACHINE_KEY_FLAG | NCRYPT_SILENT_FLAG))
		return NTE_BAD_FLAGS;
	LONG e = ncrypt_open(name, flags & NCRYPT_MACHINE_KEY_FLAG, &k);
	if (!e)
		*out = k;
	return e;
}

/* Its handle is closed, too. */
WINAPI LONG
ncrypt_NCryptDeleteKey(void *h, DWORD flags)
{
	struct ncrypt_key *k = ncrypt_key(h);
	LONG e = 0;
	if (!k)
		return NTE_INVALID_HANDLE;
	if (flags & ~(DWORD)NCRYPT_SILENT_FLAG)
		return NTE_BAD_FLAGS;
	if (k->name && k->final)
		e = ncrypt_status(keystore_delete(ncrypt_kind(k->machine), k->name));
	if (!e)
		ncrypt_unref(k);
	return e;
}
