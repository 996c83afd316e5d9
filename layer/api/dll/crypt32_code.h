/* crypt32_code.h -- structures of certificates as DER, and back.
 *
 * A decoder runs twice: once to learn how much room it needs, and once to fill it.  What it puts is in one
 * block, which its pointers do not leave: place() gives NULL when there is no room (any more), and
 * keep() then does nothing.  An encoder trusts the structure's pointers, as the program's own.
 */
#ifndef LAYER_API_DLL_CRYPT32_CODE_H
#define LAYER_API_DLL_CRYPT32_CODE_H

#include <string.h>

#include "layer/api/dll/crypt32.h"

struct crypt32_room {
	BYTE *p;                /* lent; NULL: only to count */
	size_t size, n;
	DWORD flags;            /* CRYPT_DECODE_... */
};

/* false: it is not such a structure. */
typedef bool crypt32_decoder(struct crypt32_room *o, struct x509_span in);
typedef void crypt32_encoder(struct der *d, const void *from);

static inline void *
crypt32_code_place(struct crypt32_room *o, size_t n)
{
	size_t at = (o->n + 7) & ~(size_t)7;
	o->n = at + n;
	return o->p && o->n <= o->size ? o->p + at : NULL;
}

static inline void
crypt32_code_keep(void *at, const void *from, size_t n)
{
	if (at && n)
		memcpy(at, from, n);
}

struct CERT_RDN_ATTR {
	char *pszObjId;
	DWORD dwValueType;
	struct CRYPT_BLOB Value;
};
struct CERT_RDN {
	DWORD cRDNAttr;
	struct CERT_RDN_ATTR *rgRDNAttr;
};
struct CERT_NAME_INFO {
	DWORD cRDN;
	struct CERT_RDN *rgRDN;
};

/* -- crypt32_decode.c, crypt32_encode.c --------------------------------------------------------------- */

crypt32_decoder crypt32_decode_signed, crypt32_decode_extensions, crypt32_decode_name, crypt32_decode_wide_name,
        crypt32_decode_public_key, crypt32_decode_key_usage, crypt32_decode_basic_constraints, crypt32_decode_alt_name,
        crypt32_decode_time, crypt32_decode_csp_public, crypt32_decode_csp_private, crypt32_decode_octets,
        crypt32_decode_bits, crypt32_decode_number, crypt32_decode_integer, crypt32_decode_unsigned,
        crypt32_decode_usages, crypt32_decode_private_key, crypt32_decode_ecc_signature, crypt32_decode_cng_public,
        crypt32_decode_oid, crypt32_decode_algorithm;
crypt32_encoder crypt32_encode_extensions, crypt32_encode_name, crypt32_encode_wide_name, crypt32_encode_public_key,
        crypt32_encode_key_usage, crypt32_encode_basic_constraints, crypt32_encode_alt_name, crypt32_encode_time,
        crypt32_encode_csp_public, crypt32_encode_csp_private, crypt32_encode_octets, crypt32_encode_bits,
        crypt32_encode_number, crypt32_encode_integer, crypt32_encode_unsigned, crypt32_encode_usages,
        crypt32_encode_private_key, crypt32_encode_ecc_signature, crypt32_encode_oid, crypt32_encode_algorithm,
        crypt32_encode_info, crypt32_encode_signed;

/* The answer of an encoder, which it takes. */
BOOL crypt32_encode_give(struct der *d, DWORD flags, void *out, DWORD *size);

#endif
