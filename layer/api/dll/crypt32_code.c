/* SPDX-License-Identifier: Apache-2.0 */
/* CryptDecodeObject and CryptEncodeObject: which structures there are. */
#include "layer/api/dll/crypt32_code.h"

WINAPI void *kernel32_LocalAlloc(UINT flags, SIZE_T n);
WINAPI void *kernel32_LocalFree(void *p);

#define CRYPT_E_ASN1_ERROR 0x80093100
enum { ALLOC = 0x8000 };

static const struct code {
	WORD number;
	const char *oid; /* or NULL */
	crypt32_decoder *decode;
	crypt32_encoder *encode; /* NULL: only the other way */
} known[] = {
	{ 1, NULL, crypt32_decode_signed, crypt32_encode_signed },
	{ 2, NULL, NULL, crypt32_encode_info },
	{ 5, NULL, crypt32_decode_extensions, crypt32_encode_extensions },
	{ 7, NULL, crypt32_decode_name, crypt32_encode_name },
	{ 8, NULL, crypt32_decode_public_key, crypt32_encode_public_key },
	{ 12, "2.5.29.17", crypt32_decode_alt_name, crypt32_encode_alt_name },
	{ 12, "2.5.29.18", crypt32_decode_alt_name, crypt32_encode_alt_name },
	{ 14, "2.5.29.15", crypt32_decode_key_usage, crypt32_encode_key_usage },
	{ 15, "2.5.29.19", crypt32_decode_basic_constraints, crypt32_encode_basic_constraints },
	{ 17, NULL, crypt32_decode_time, crypt32_encode_time },
	{ 19, NULL, crypt32_decode_csp_public, crypt32_encode_csp_public },
	{ 20, NULL, crypt32_decode_wide_name, crypt32_encode_wide_name },
	{ 25, "2.5.29.14", crypt32_decode_octets, crypt32_encode_octets },
	{ 26, NULL, crypt32_decode_bits, crypt32_encode_bits },
	{ 27, NULL, crypt32_decode_number, crypt32_encode_number },
	{ 28, NULL, crypt32_decode_integer, crypt32_encode_integer },
	{ 30, NULL, crypt32_decode_time, crypt32_encode_time },
	{ 36, "2.5.29.37", crypt32_decode_usages, crypt32_encode_usages },
	{ 38, NULL, crypt32_decode_unsigned, crypt32_encode_unsigned },
	{ 43, NULL, crypt32_decode_csp_private, crypt32_encode_csp_private },
	{ 44, NULL, crypt32_decode_private_key, crypt32_encode_private_key },
	{ 47, NULL, crypt32_decode_ecc_signature, crypt32_encode_ecc_signature },
	{ 72, NULL, crypt32_decode_cng_public, NULL },
	{ 73, NULL, crypt32_decode_oid, crypt32_encode_oid },
	{ 74, NULL, crypt32_decode_algorithm, crypt32_encode_algorithm },
};

static const struct code *
find(const char *type)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((uintptr_t)type < 0x10000 ? known[i].number == (uintptr_t)type
		                              : known[i].oid && !strcmp(known[i].oid, type))
			return &known[i];
	return NULL;
}

/* CRYPT_DECODE_PARA, CRYPT_ENCODE_PARA */
struct memory {
	DWORD size;
	WINAPI void *(*allocate)(size_t n);
	WINAPI void (*release)(void *p);
};

static void *
block(const struct memory *m, size_t n)
{
	bool own = m && m->size >= sizeof *m && m->allocate;
	void *p = own ? m->allocate(n) : kernel32_LocalAlloc(0, n ? n : 1);
	if (!p)
		last_error(ERROR_NOT_ENOUGH_MEMORY);
	return p;
}

static void
give_back(const struct memory *m, void *p)
{
	bool own = m && m->size >= sizeof *m && m->allocate;
	if (own && m->release)
		m->release(p);
	else if (!own)
		kernel32_LocalFree(p);
}

WINAPI BOOL
crypt32_CryptDecodeObjectEx(DWORD encoding, const char *type, const BYTE *p, DWORD n, DWORD flags,
                            const struct memory *m, void *out, DWORD *size)
{
	const struct code *c = find(type);
	struct x509_span in = { p, n };
	struct crypt32_room count = { .flags = flags };
	(void)encoding;
	if (!size || (!p && n))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (!c || !c->decode)
		return refuse(ERROR_FILE_NOT_FOUND);
	if (!c->decode(&count, in))
		return refuse(CRYPT_E_ASN1_BADTAG);
	DWORD room = *size;
	*size = (DWORD)count.n;
	if (!out)
		return TRUE;
	void *to = flags & ALLOC ? block(m, count.n) : out;
	if (!to)
		return FALSE;
	if (!(flags & ALLOC) && room < count.n)
		return refuse(ERROR_MORE_DATA);
	struct crypt32_room fill = { to, count.n, 0, flags };
	/* bytes that another thread changes meanwhile are no structure */
	bool ok = c->decode(&fill, in) && fill.n == count.n;
	if (ok && flags & ALLOC)
		*(void **)out = to;
	else if (flags & ALLOC)
		give_back(m, to);
	return ok ? TRUE : refuse(CRYPT_E_ASN1_BADTAG);
}

WINAPI BOOL
crypt32_CryptDecodeObject(DWORD encoding, const char *type, const BYTE *p, DWORD n, DWORD flags,
                          void *out, DWORD *size)
{
	return crypt32_CryptDecodeObjectEx(encoding, type, p, n, flags & ~(DWORD)ALLOC, NULL, out,
	                                   size);
}

static BOOL
give(struct der *d, DWORD flags, const struct memory *m, void *out, DWORD *size)
{
	BOOL ok = TRUE;
	if (d->bad || d->n > UINT32_MAX)
		ok = refuse(CRYPT_E_ASN1_ERROR);
	else if (!(flags & ALLOC))
		ok = crypt32_hand(d->p, (DWORD)d->n, out, size);
	else {
		void *p = block(m, d->n);
		if ((ok = p != NULL)) {
			memcpy(p, d->p, d->n);
			*(void **)out = p;
			*size = (DWORD)d->n;
		}
	}
	der_free(d);
	return ok;
}

BOOL
crypt32_encode_give(struct der *d, DWORD flags, void *out, DWORD *size)
{
	return give(d, flags, NULL, out, size);
}

WINAPI BOOL
crypt32_CryptEncodeObjectEx(DWORD encoding, const char *type, const void *from, DWORD flags,
                            const struct memory *m, void *out, DWORD *size)
{
	const struct code *c = find(type);
	struct der d = { 0 };
	(void)encoding;
	if (!from || !size || (flags & ALLOC && !out))
		return refuse(CRYPT_E_INVALID_ARGUMENT);
	if (!c || !c->encode)
		return refuse(ERROR_FILE_NOT_FOUND);
	c->encode(&d, from);
	return give(&d, flags, m, out, size);
}

WINAPI BOOL
crypt32_CryptEncodeObject(DWORD encoding, const char *type, const void *from, BYTE *out,
                          DWORD *size)
{
	return crypt32_CryptEncodeObjectEx(encoding, type, from, 0, NULL, out, size);
}
