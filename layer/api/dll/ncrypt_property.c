/* SPDX-License-Identifier: Apache-2.0 */
/* ncrypt_property.c -- what providers and keys say of themselves, and what programs attach to keys. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/ncrypt.h"
#include "layer/api/nt/text/nls.h"

enum { NAME_MOST = 64, PROPERTY_MOST = 0x100000, IMPL_SOFTWARE = 2, VERSION = 0x10000 };

struct answer {
	BYTE *out;
	DWORD room, *size;
};

static LONG
give(const struct answer *a, const void *p, size_t n)
{
	return ncrypt_status(bcrypt_give(p, n, a->out, a->room, a->size));
}

static LONG
give_number(const struct answer *a, DWORD v)
{
	return give(a, &v, sizeof v);
}

static LONG
give_ascii(const struct answer *a, const char *s)
{
	WCHAR text[KEYSTORE_UNIQUE + 1];
	size_t n = strlen(s) + 1;
	nls_16_of_8(s, n, text, n, NULL);
	return give(a, text, n * sizeof *text);
}

/* -- programs' own ------------------------------------------------------------------------------- */

static struct ncrypt_property **
find(struct ncrypt_key *k, const WCHAR *name)
{
	struct ncrypt_property **p = &k->properties;
	while (*p && !nls_equal((*p)->name, name))
		p = &(*p)->next;
	return p;
}

static void
drop(struct ncrypt_property **at)
{
	struct ncrypt_property *p = *at;
	if (!p)
		return;
	*at = p->next;
	cipher_wipe(p->data, p->n);
	free(p->name);
	free(p);
}

void
ncrypt_properties_free(struct ncrypt_key *k)
{
	while (k->properties)
		drop(&k->properties);
}

static LONG
attach(struct ncrypt_key *k, const WCHAR *name, const BYTE *in, DWORD n, bool kept)
{
	if (n > PROPERTY_MOST || nls_length(name) > NAME_MOST)
		return NTE_INVALID_PARAMETER;
	struct ncrypt_property *p = malloc(sizeof *p + n);
	if (!p || !(p->name = nls_dup(name))) {
		free(p);
		return NTE_NO_MEMORY;
	}
	drop(find(k, name));
	p->kept = kept;
	p->n = n;
	if (n)
		memcpy(p->data, in, n);
	p->next = k->properties;
	k->properties = p;
	return kept && k->final ? ncrypt_keep(k, true) : 0;
}

/* -- asked ------------------------------------------------------------------------------------------ */

static LONG
provider_property(const WCHAR *name, const struct answer *a)
{
	if (nls_equal_ascii(name, "Name"))
		return give_ascii(a, "Microsoft Software Key Storage Provider");
	if (nls_equal_ascii(name, "Impl Type"))
		return give_number(a, IMPL_SOFTWARE);
	if (nls_equal_ascii(name, "Version"))
		return give_number(a, VERSION);
	if (nls_equal_ascii(name, "Max Name Length"))
		return give_number(a, KEYSTORE_NAME_MOST);
	return NTE_NOT_SUPPORTED;
}

/* The caller's to free. */
static LONG
give_provider(const struct answer *a)
{
	struct ncrypt_provider *p = a->out && a->room >= sizeof p ? ncrypt_provider_new() : NULL;
	if (a->out && a->room >= sizeof p && !p)
		return NTE_NO_MEMORY;
	return give(a, &p, sizeof p);
}

static const char *
group(const struct bcrypt_pair *p)
{
	return p->pair.rsa                                                     ? "RSA"
	       : bcrypt_algorithm(p->set.algorithm)->class == BCRYPT_AGREEMENT ? "ECDH"
	                                                                       : "ECDSA";
}

/* NCRYPT_SUPPORTED_LENGTHS: least, most, step, default */
static LONG
give_lengths(const struct ncrypt_key *k, const struct answer *a)
{
	DWORD bits = k->pair->bits;
	DWORD curve[4] = { bits, bits, 0, bits };
	static const DWORD rsa[4] = { RSAKEY_LEAST, RSAKEY_MOST, 64, 2048 };
	return give(a, k->pair->pair.rsa ? rsa : curve, sizeof curve);
}

static LONG
name_property(const struct ncrypt_key *k, bool unique, const struct answer *a)
{
	char text[KEYSTORE_UNIQUE + 1];
	if (!k->name)
		return NTE_NOT_SUPPORTED;
	if (!unique)
		return give(a, k->name, (nls_length(k->name) + 1) * sizeof *k->name);
	keystore_unique(ncrypt_kind(k->machine), k->name, text);
	return give_ascii(a, text);
}

static LONG
key_property(struct ncrypt_key *k, const WCHAR *name, const struct answer *a)
{
	struct bcrypt_pair *p = k->pair;
	if (nls_equal_ascii(name, "Algorithm Name"))
		return give_ascii(a, bcrypt_algorithm(p->set.algorithm)->name);
	if (nls_equal_ascii(name, "Algorithm Group"))
		return give_ascii(a, group(p));
	if (nls_equal_ascii(name, "Length"))
		return give_number(a, p->bits);
	if (nls_equal_ascii(name, "Lengths"))
		return give_lengths(k, a);
	if (nls_equal_ascii(name, "Block Length"))
		return p->pair.rsa && p->ready ? give_number(a, (DWORD)rsakey_size(&p->pair.key))
		                               : NTE_NOT_SUPPORTED;
	if (nls_equal_ascii(name, "Export Policy"))
		return give_number(a, k->policy);
	if (nls_equal_ascii(name, "Key Usage"))
		return give_number(a, k->usage);
	if (nls_equal_ascii(name, "Key Type"))
		return give_number(a, k->machine ? NCRYPT_MACHINE_KEY_FLAG : 0);
	if (nls_equal_ascii(name, "Impl Type"))
		return give_number(a, IMPL_SOFTWARE);
	if (nls_equal_ascii(name, "Name") || nls_equal_ascii(name, "Unique Name"))
		return name_property(k, nls_equal_ascii(name, "Unique Name"), a);
	if (nls_equal_ascii(name, "Provider Handle"))
		return give_provider(a);
	return ncrypt_status(bcrypt_pair_property(&p->set, p, name, a->out, a->room, a->size));
}

WINAPI LONG
ncrypt_NCryptGetProperty(void *h, const WCHAR *name, BYTE *out, DWORD room, DWORD *size,
                         DWORD flags)
{
	struct ncrypt_key *k = ncrypt_key(h);
	struct answer a = { out, room, size };
	if (!k && !ncrypt_provider(h))
		return NTE_INVALID_HANDLE;
	if (!name || !size)
		return NTE_INVALID_PARAMETER;
	struct ncrypt_property *own = k ? *find(k, name) : NULL;
	if (own)
		return give(&a, own->data, own->n);
	if (flags & NCRYPT_PERSIST_ONLY_FLAG)
		return NTE_NOT_FOUND;
	return k ? key_property(k, name, &a) : provider_property(name, &a);
}

/* -- set ---------------------------------------------------------------------------------------------- */

/* A key that is kept does not become one that may leave. */
static LONG
set_policy(struct ncrypt_key *k, DWORD v)
{
	if (k->final && k->name && v & ~k->policy)
		return NTE_NOT_SUPPORTED;
	k->policy = v;
	return k->final ? ncrypt_keep(k, true) : 0;
}

static bool
is_length(const WCHAR *name)
{
	return nls_equal_ascii(name, "Length");
}

WINAPI LONG
ncrypt_NCryptSetProperty(void *h, const WCHAR *name, BYTE *in, DWORD n, DWORD flags)
{
	struct ncrypt_key *k = ncrypt_key(h);
	DWORD v = 0;
	if (!k)
		return ncrypt_provider(h) ? NTE_NOT_SUPPORTED : NTE_INVALID_HANDLE;
	if (!name || (!in && n))
		return NTE_INVALID_PARAMETER;
	if (flags & NCRYPT_PERSIST_ONLY_FLAG)
		return attach(k, name, in, n, flags & NCRYPT_PERSIST_FLAG);
	/* whom to ask, and how: nobody can be asked */
	if (nls_equal_ascii(name, "Window Handle") || nls_equal_ascii(name, "HWND Handle") ||
	    nls_equal_ascii(name, "Use Context"))
		return 0;
	bool policy = nls_equal_ascii(name, "Export Policy");
	bool usage = nls_equal_ascii(name, "Key Usage");
	if (policy || usage || is_length(name)) {
		if (n < sizeof v)
			return NTE_INVALID_PARAMETER;
		memcpy(&v, in, sizeof v);
	}
	if (policy)
		return set_policy(k, v);
	if (k->final)
		return NTE_NOT_SUPPORTED;
	if (usage) {
		k->usage = v;
		return 0;
	}
	if (is_length(name)) {
		if (!k->pair->pair.rsa)
			return v == k->pair->bits ? 0 : NTE_NOT_SUPPORTED;
		name = u"KeyLength";
	}
	NTSTATUS s = bcrypt_pair_set(&k->pair->set, k->pair, name, in, n);
	return s == STATUS_INVALID_HANDLE ? NTE_NOT_SUPPORTED : ncrypt_status(s);
}
