/* SPDX-License-Identifier: Apache-2.0 */
/* advapi32_csp.c -- CryptoAPI's providers: which there are, and the containers of keys that they keep. */
#include <stdlib.h>
#include <string.h>

#include "base/cur.h"
#include "layer/api/dll/advapi32_crypt.h"
#include "layer/api/nt/crypto/keystore.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/thread/steady.h"

enum { VERIFYCONTEXT = (int)0xf0000000, NEWKEYSET = 8, DELETEKEYSET = 0x10, SILENT = 0x40 };

/* The first one of a type is what that is opened with when nobody names one. */
static const struct {
	DWORD type;
	const char *name;
} known[] = {
	{ 1, "Microsoft Strong Cryptographic Provider" },
	{ 1, "Microsoft Base Cryptographic Provider v1.0" },
	{ 1, "Microsoft Enhanced Cryptographic Provider v1.0" },
	{ 3, "Microsoft Base DSS Cryptographic Provider" },
	{ 12, "Microsoft RSA SChannel Cryptographic Provider" },
	{ 13, "Microsoft Enhanced DSS and Diffie-Hellman Cryptographic Provider" },
	{ 13, "Microsoft Base DSS and Diffie-Hellman Cryptographic Provider" },
	{ 18, "Microsoft DH SChannel Cryptographic Provider" },
	{ 24, "Microsoft Enhanced RSA and AES Cryptographic Provider" },
	{ 24, "Microsoft Enhanced RSA and AES Cryptographic Provider (Prototype)" },
};
enum { KNOWN = sizeof known / sizeof *known };

static _Atomic uint32_t lock; /* of the pairs of all */

struct advapi32_csp *
advapi32_csp(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == ADVAPI32_CSP ? h : NULL;
}

struct advapi32_csp *
advapi32_csp_ref(struct advapi32_csp *c)
{
	c->refs++;
	return c;
}

static void
forget_names(struct advapi32_csp *c)
{
	for (size_t i = 0; i < c->name_count; i++)
		free(c->names[i]);
	free(c->names);
	c->names = NULL;
	c->name_count = c->name_at = 0;
}

void
advapi32_csp_unref(struct advapi32_csp *c)
{
	if (--c->refs)
		return;
	for (int i = 0; i < 2; i++)
		if (c->pair[i])
			advapi32_rsa_unref(c->pair[i]);
	forget_names(c);
	free(c->container);
	c->magic = 0;
	free(c);
}

static struct advapi32_csp *
fresh(int number, bool machine)
{
	struct advapi32_csp *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->magic = ADVAPI32_CSP;
	c->refs = 1;
	c->type = known[number].type;
	c->name = known[number].name;
	c->machine = machine;
	return c;
}

/* -- containers: form, then of each pair its flags, size and PKCS #8 -------------------------------- */

enum { FORM = 1 };

static enum keystore_kind
kind(bool machine)
{
	return machine ? KEYSTORE_CSP_MACHINE : KEYSTORE_CSP;
}

static DWORD
error_of(NTSTATUS s)
{
	return s >= 0                              ? ERROR_SUCCESS
	       : s == STATUS_OBJECT_NAME_NOT_FOUND ? NTE_BAD_KEYSET
	       : s == STATUS_OBJECT_NAME_COLLISION ? NTE_EXISTS
	       : s == STATUS_INVALID_PARAMETER     ? ERROR_INVALID_PARAMETER
	       : s == STATUS_NO_MEMORY             ? ERROR_NOT_ENOUGH_MEMORY
	                                           : NTE_FAIL;
}

static void
put32(struct der *d, DWORD v)
{
	der_raw(d, &v, sizeof v);
}

static DWORD
save(const struct advapi32_csp *c, struct advapi32_rsa *const pair[2], bool replace)
{
	struct der d = { 0 };
	put32(&d, FORM);
	for (int i = 0; i < 2; i++) {
		struct der one = { 0 };
		if (pair[i])
			keypair_put_pkcs8(&pair[i]->pair, &one);
		put32(&d, pair[i] ? pair[i]->flags : 0);
		put32(&d, (DWORD)one.n);
		der_raw(&d, one.p, one.n);
		d.bad |= one.bad;
		der_free(&one);
	}
	DWORD e = d.bad ? ERROR_NOT_ENOUGH_MEMORY
	                : error_of(keystore_put(kind(c->machine), c->container, d.p, d.n, replace));
	der_free(&d);
	return e;
}

static bool
load(struct advapi32_csp *c, const BYTE *p, size_t n)
{
	struct cur in = cur_of(p, n);
	if (cur_u32(&in) != FORM)
		return false;
	for (int i = 0; i < 2; i++) {
		struct keypair own = { 0 };
		uint32_t flags = cur_u32(&in), size = cur_u32(&in);
		const BYTE *der = cur_bytes(&in, size);
		if (in.bad)
			return false;
		if (!size)
			continue;
		if (!keypair_read_pkcs8(&own, (struct x509_span){ der, size }) || !own.rsa ||
		    !(c->pair[i] = advapi32_rsa_of(&own, flags))) {
			keypair_clear(&own);
			return false;
		}
	}
	return true;
}

struct advapi32_rsa *
advapi32_csp_pair(struct advapi32_csp *c, DWORD spec)
{
	steady_lock(&lock);
	struct advapi32_rsa *r = c->pair[spec - 1];
	if (r)
		advapi32_rsa_ref(r);
	steady_unlock(&lock);
	return r;
}

DWORD
advapi32_csp_put(struct advapi32_csp *c, DWORD spec, struct advapi32_rsa *r)
{
	struct advapi32_rsa *other = advapi32_csp_pair(c, 3 - spec);
	struct advapi32_rsa *both[2] = { spec == 1 ? r : other, spec == 1 ? other : r };
	DWORD e = c->container ? save(c, both, true) : ERROR_SUCCESS;
	if (other)
		advapi32_rsa_unref(other);
	steady_lock(&lock);
	struct advapi32_rsa *old = e ? r : c->pair[spec - 1];
	if (!e)
		c->pair[spec - 1] = r;
	steady_unlock(&lock);
	if (old)
		advapi32_rsa_unref(old);
	return e;
}

/* -- opening ---------------------------------------------------------------------------------------- */

static DWORD
named(struct advapi32_csp *c, const WCHAR *container, bool make)
{
	BYTE *p = NULL;
	size_t n = 0;
	if (nls_length(container) > KEYSTORE_NAME_MOST)
		return ERROR_INVALID_PARAMETER;
	if (!(c->container = nls_dup(container)))
		return ERROR_NOT_ENOUGH_MEMORY;
	if (make)
		return save(c, c->pair, false);
	DWORD e = error_of(keystore_get(kind(c->machine), container, &p, &n));
	if (e)
		return e;
	bool ok = load(c, p, n);
	cipher_wipe(p, n);
	free(p);
	return ok ? ERROR_SUCCESS : NTE_BAD_KEYSET;
}

static DWORD
open_or_make(int number, const WCHAR *container, bool machine, bool make, struct advapi32_csp **out)
{
	struct advapi32_csp *c = fresh(number, machine);
	if (!c)
		return ERROR_NOT_ENOUGH_MEMORY;
	DWORD e = named(c, container, make);
	if (e)
		advapi32_csp_unref(c);
	else
		*out = c;
	return e;
}

DWORD
advapi32_csp_open(const WCHAR *container, bool machine, struct advapi32_csp **out)
{
	return open_or_make(0, container, machine, false, out);
}

DWORD
advapi32_csp_make(const WCHAR *container, bool machine, struct advapi32_csp **out)
{
	return open_or_make(0, container, machine, true, out);
}

/* Which of the table; a Win32 error when there is none. */
static DWORD
choose(const WCHAR *name, DWORD type, int *number)
{
	bool is_type = false, is_name = false;
	if (!type || type > 999)
		return NTE_BAD_PROV_TYPE;
	for (int i = 0; i < KNOWN; i++) {
		bool same = !name || !*name || nls_equal_ascii(name, known[i].name);
		is_type |= known[i].type == type;
		is_name |= same;
		if (same && known[i].type == type) {
			*number = i;
			return ERROR_SUCCESS;
		}
	}
	return !is_name   ? NTE_KEYSET_NOT_DEF
	       : !is_type ? NTE_PROV_TYPE_NOT_DEF
	                  : NTE_PROV_TYPE_NO_MATCH;
}

WINAPI BOOL
advapi32_CryptAcquireContextW(void **out, const WCHAR *container, const WCHAR *name, DWORD type,
                              DWORD flags)
{
	const DWORD all = (DWORD)VERIFYCONTEXT | NEWKEYSET | DELETEKEYSET | SILENT |
	                  CRYPT_MACHINE_KEYSET | 0x80; /* CRYPT_DEFAULT_CONTAINER_OPTIONAL */
	bool verify = (flags & (DWORD)VERIFYCONTEXT) == (DWORD)VERIFYCONTEXT;
	bool machine = flags & CRYPT_MACHINE_KEYSET, named_one = container && *container;
	struct advapi32_csp *c = NULL;
	int number = 0;
	if (!out)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = NULL;
	DWORD e = choose(name, type, &number);
	if (!e && (flags & ~all || (verify && named_one)))
		e = NTE_BAD_FLAGS;
	if (e)
		return refuse(e);
	if (verify || (flags & 0x80 && !named_one)) {
		if (!(c = fresh(number, machine)))
			return refuse(ERROR_NOT_ENOUGH_MEMORY);
		*out = c;
		return TRUE;
	}
	/* the user's own, when nobody names one */
	container = named_one ? container : u"default";
	if (flags & DELETEKEYSET) {
		e = error_of(keystore_delete(kind(machine), container));
		return e ? refuse(e) : TRUE;
	}
	e = open_or_make(number, container, machine, flags & NEWKEYSET, &c);
	*out = c;
	return e ? refuse(e) : TRUE;
}

WINAPI BOOL
advapi32_CryptAcquireContextA(void **out, const char *container, const char *name, DWORD type,
                              DWORD flags)
{
	WCHAR *c = nls_wide_ansi(container), *n = nls_wide_ansi(name);
	BOOL ok = (container && !c) || (name && !n)
	                  ? refuse(ERROR_NOT_ENOUGH_MEMORY)
	                  : advapi32_CryptAcquireContextW(out, c, n, type, flags);
	free(c);
	free(n);
	return ok;
}

WINAPI BOOL
advapi32_CryptContextAddRef(void *p, DWORD *reserved, DWORD flags)
{
	struct advapi32_csp *c = advapi32_csp(p);
	if (!c || reserved || flags)
		return refuse(ERROR_INVALID_PARAMETER);
	advapi32_csp_ref(c);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptReleaseContext(void *p, DWORD flags)
{
	struct advapi32_csp *c = advapi32_csp(p);
	if (!c || flags)
		return refuse(c ? NTE_BAD_FLAGS : ERROR_INVALID_PARAMETER);
	advapi32_csp_unref(c);
	return TRUE;
}

WINAPI BOOL
advapi32_CryptGenRandom(void *p, DWORD n, BYTE *out)
{
	if (!advapi32_csp(p) || (!out && n))
		return refuse(ERROR_INVALID_PARAMETER);
	host_random(out, n);
	return TRUE;
}

/* -- questions --------------------------------------------------------------------------------------- */

static BOOL
give(const void *from, size_t n, BYTE *out, DWORD *size)
{
	DWORD room = *size;
	*size = (DWORD)n;
	if (!out)
		return TRUE;
	if (room < n)
		return refuse(ERROR_MORE_DATA);
	memcpy(out, from, n);
	return TRUE;
}

static BOOL
give_text(const WCHAR *s, BYTE *out, DWORD *size)
{
	char *text = nls_ansi(s);
	BOOL ok = text ? give(text, strlen(text) + 1, out, size) : refuse(ERROR_NOT_ENOUGH_MEMORY);
	free(text);
	return ok;
}

/* PROV_ENUMALGS and PROV_ENUMALGS_EX */
struct algorithm {
	DWORD id, bits;
	DWORD name_size;
	char name[20];
};
struct algorithm_ex {
	DWORD id, bits, least, most, protocols, name_size;
	char name[20];
	DWORD long_size;
	char long_name[40];
};

static const struct {
	DWORD id, bits, least, most;
	const char *name, *full;
} algorithms[] = {
	{ CALG_RC2, 128, 40, 128, "RC2", "RSA Data Security's RC2" },
	{ CALG_RC4, 128, 40, 128, "RC4", "RSA Data Security's RC4" },
	{ CALG_DES, 56, 56, 56, "DES", "Data Encryption Standard (DES)" },
	{ CALG_3DES_112, 112, 112, 112, "3DES TWO KEY", "Two Key Triple DES" },
	{ CALG_3DES, 168, 168, 168, "3DES", "Three Key Triple DES" },
	{ CALG_SHA1, 160, 160, 160, "SHA-1", "Secure Hash Algorithm (SHA-1)" },
	{ CALG_SHA256, 256, 256, 256, "SHA-256", "Secure Hash Algorithm 256" },
	{ CALG_SHA384, 384, 384, 384, "SHA-384", "Secure Hash Algorithm 384" },
	{ CALG_SHA512, 512, 512, 512, "SHA-512", "Secure Hash Algorithm 512" },
	{ CALG_MD2, 128, 128, 128, "MD2", "Message Digest 2 (MD2)" },
	{ CALG_MD4, 128, 128, 128, "MD4", "Message Digest 4 (MD4)" },
	{ CALG_MD5, 128, 128, 128, "MD5", "Message Digest 5 (MD5)" },
	{ CALG_HMAC, 0, 0, 0, "HMAC", "Hugo's MAC (HMAC)" },
	{ CALG_RSA_SIGN, 1024, RSAKEY_LEAST, RSAKEY_MOST, "RSA_SIGN", "RSA Signature" },
	{ CALG_RSA_KEYX, 1024, RSAKEY_LEAST, RSAKEY_MOST, "RSA_KEYX", "RSA Key Exchange" },
	{ CALG_AES_128, 128, 128, 128, "AES 128", "Advanced Encryption Standard (AES-128)" },
	{ CALG_AES_192, 192, 192, 192, "AES 192", "Advanced Encryption Standard (AES-192)" },
	{ CALG_AES_256, 256, 256, 256, "AES 256", "Advanced Encryption Standard (AES-256)" },
};

static BOOL
next_algorithm(struct advapi32_csp *c, bool ex, BYTE *out, DWORD *size, bool first)
{
	struct algorithm_ex e = { 0 };
	struct algorithm a = { 0 };
	if (first)
		c->algorithm_at = 0;
	size_t i = c->algorithm_at;
	if (i >= sizeof algorithms / sizeof *algorithms)
		return refuse(ERROR_NO_MORE_ITEMS);
	size_t n = strlen(algorithms[i].name), m = strlen(algorithms[i].full);
	e.id = a.id = algorithms[i].id;
	e.bits = a.bits = algorithms[i].bits;
	e.least = algorithms[i].least;
	e.most = algorithms[i].most;
	e.name_size = a.name_size = (DWORD)n + 1;
	e.long_size = (DWORD)m + 1;
	memcpy(e.name, algorithms[i].name, n);
	memcpy(a.name, algorithms[i].name, n);
	memcpy(e.long_name, algorithms[i].full, m);
	BOOL ok = ex ? give(&e, sizeof e, out, size) : give(&a, sizeof a, out, size);
	c->algorithm_at += ok && out;
	return ok;
}

static BOOL
next_container(struct advapi32_csp *c, BYTE *out, DWORD *size, bool first)
{
	if (first) {
		forget_names(c);
		DWORD e = error_of(keystore_list(kind(c->machine), &c->names, &c->name_count));
		if (e)
			return refuse(e);
	}
	if (c->name_at >= c->name_count)
		return refuse(ERROR_NO_MORE_ITEMS);
	/* asked for room: for any of them */
	if (!out)
		return give(NULL, 3 * KEYSTORE_NAME_MOST + 1, NULL, size);
	BOOL ok = give_text(c->names[c->name_at], out, size);
	c->name_at += ok != 0;
	return ok;
}

static BOOL
give_unique(const struct advapi32_csp *c, BYTE *out, DWORD *size)
{
	char text[KEYSTORE_UNIQUE + 1];
	keystore_unique(kind(c->machine), c->container, text);
	return give(text, sizeof text, out, size);
}

WINAPI BOOL
advapi32_CryptGetProvParam(void *p, DWORD what, BYTE *out, DWORD *size, DWORD flags)
{
	enum {
		PP_ENUMALGS = 1,
		PP_ENUMCONTAINERS,
		PP_IMPTYPE,
		PP_NAME,
		PP_VERSION,
		PP_CONTAINER,
		PP_PROVTYPE = 16,
		PP_ENUMALGS_EX = 22,
		PP_KEYSET_TYPE = 27,
		PP_SIG_KEYSIZE_INC = 34,
		PP_KEYX_KEYSIZE_INC,
		PP_UNIQUE_CONTAINER,
		PP_KEYSPEC = 39,
		CRYPT_FIRST = 1,
		CRYPT_NEXT = 2
	};
	struct advapi32_csp *c = advapi32_csp(p);
	DWORD v;
	if (!c || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	bool walks = what == PP_ENUMALGS || what == PP_ENUMALGS_EX || what == PP_ENUMCONTAINERS;
	if (flags & ~(DWORD)(walks ? CRYPT_FIRST | CRYPT_NEXT | CRYPT_MACHINE_KEYSET : 0))
		return refuse(NTE_BAD_FLAGS);
	switch (what) {
	case PP_ENUMALGS:
	case PP_ENUMALGS_EX:
		return next_algorithm(c, what == PP_ENUMALGS_EX, out, size, flags & CRYPT_FIRST);
	case PP_ENUMCONTAINERS: return next_container(c, out, size, flags & CRYPT_FIRST);
	case PP_NAME: return give(c->name, strlen(c->name) + 1, out, size);
	case PP_CONTAINER:
		return c->container ? give_text(c->container, out, size) : give("", 1, out, size);
	case PP_UNIQUE_CONTAINER:
		return c->container ? give_unique(c, out, size) : refuse(NTE_BAD_TYPE);
	case PP_IMPTYPE: v = 2; break; /* CRYPT_IMPL_SOFTWARE */
	case PP_VERSION: v = 0x200; break;
	case PP_PROVTYPE: v = c->type; break;
	case PP_KEYSET_TYPE: v = c->machine ? CRYPT_MACHINE_KEYSET : 0; break;
	case PP_SIG_KEYSIZE_INC:
	case PP_KEYX_KEYSIZE_INC: v = 8; break;
	case PP_KEYSPEC: v = AT_KEYEXCHANGE | AT_SIGNATURE; break;
	default: return refuse(NTE_BAD_TYPE);
	}
	return give(&v, sizeof v, out, size);
}

/* -- which there are ---------------------------------------------------------------------------------- */

static BOOL
give_name(int i, bool wide, void *out, DWORD *size)
{
	WCHAR text[80];
	size_t n = strlen(known[i].name) + 1;
	nls_16_of_8(known[i].name, n, text, n, NULL);
	return wide ? give(text, n * sizeof *text, out, size) : give(known[i].name, n, out, size);
}

static BOOL
enumerate(DWORD index, const DWORD *reserved, DWORD flags, DWORD *type, void *out, DWORD *size,
          bool wide)
{
	if (reserved || !type || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	if (flags)
		return refuse(NTE_BAD_FLAGS);
	if (index >= KNOWN)
		return refuse(ERROR_NO_MORE_ITEMS);
	*type = known[index].type;
	return give_name((int)index, wide, out, size);
}

WINAPI BOOL
advapi32_CryptEnumProvidersW(DWORD index, DWORD *reserved, DWORD flags, DWORD *type, WCHAR *out,
                             DWORD *size)
{
	return enumerate(index, reserved, flags, type, out, size, true);
}

WINAPI BOOL
advapi32_CryptEnumProvidersA(DWORD index, DWORD *reserved, DWORD flags, DWORD *type, char *out,
                             DWORD *size)
{
	return enumerate(index, reserved, flags, type, out, size, false);
}

static BOOL
first_of(DWORD type, const DWORD *reserved, DWORD flags, void *out, DWORD *size, bool wide)
{
	int i;
	if (reserved || !size)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!flags || flags & ~3u) /* of the machine, of the user */
		return refuse(NTE_BAD_FLAGS);
	DWORD e = choose(NULL, type, &i);
	return e ? refuse(e) : give_name(i, wide, out, size);
}

WINAPI BOOL
advapi32_CryptGetDefaultProviderW(DWORD type, DWORD *reserved, DWORD flags, WCHAR *out, DWORD *size)
{
	return first_of(type, reserved, flags, out, size, true);
}

WINAPI BOOL
advapi32_CryptGetDefaultProviderA(DWORD type, DWORD *reserved, DWORD flags, char *out, DWORD *size)
{
	return first_of(type, reserved, flags, out, size, false);
}
