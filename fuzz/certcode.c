/* SPDX-License-Identifier: Apache-2.0 */
/* certcode.c -- structures of certificates: whatever the bytes are, a decoder stays in the room that it
 * asked for.  The first byte says which one; what an encoder makes of the result can be read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/crypt32_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct {
	crypt32_decoder *decode;
	crypt32_encoder *encode;
} of[] = {
	{ crypt32_decode_signed, crypt32_encode_signed },
	{ crypt32_decode_extensions, crypt32_encode_extensions },
	{ crypt32_decode_name, crypt32_encode_name },
	{ crypt32_decode_public_key, crypt32_encode_public_key },
	{ crypt32_decode_alt_name, crypt32_encode_alt_name },
	{ crypt32_decode_key_usage, crypt32_encode_key_usage },
	{ crypt32_decode_basic_constraints, crypt32_encode_basic_constraints },
	{ crypt32_decode_time, crypt32_encode_time },
	{ crypt32_decode_csp_public, crypt32_encode_csp_public },
	{ crypt32_decode_wide_name, crypt32_encode_wide_name },
	{ crypt32_decode_octets, crypt32_encode_octets },
	{ crypt32_decode_bits, crypt32_encode_bits },
	{ crypt32_decode_number, crypt32_encode_number },
	{ crypt32_decode_integer, crypt32_encode_integer },
	{ crypt32_decode_unsigned, crypt32_encode_unsigned },
	{ crypt32_decode_usages, crypt32_encode_usages },
	{ crypt32_decode_csp_private, crypt32_encode_csp_private },
	{ crypt32_decode_private_key, crypt32_encode_private_key },
	{ crypt32_decode_ecc_signature, crypt32_encode_ecc_signature },
	{ crypt32_decode_cng_public, NULL },
	{ crypt32_decode_oid, crypt32_encode_oid },
	{ crypt32_decode_algorithm, crypt32_encode_algorithm },
};

/* One that was read: filled, and written as what is read again. */
static void
fill(int which, struct x509_span in, size_t size)
{
	struct crypt32_room room = { malloc(size ? size : 1), size, 0, 0 }, count = { 0 };
	struct der d = { 0 };
	if (!room.p)
		return;
	if (!of[which].decode(&room, in) || room.n != size)
		abort();
	if (of[which].encode) {
		of[which].encode(&d, room.p);
		if (!d.bad && !of[which].decode(&count, (struct x509_span){ d.p, d.n }))
			abort();
	}
	der_free(&d);
	free(room.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct crypt32_room count = { 0 };
	if (!n || n > 4096)
		return 0;
	int which = data[0] % (int)(sizeof of / sizeof *of);
	uint8_t *p = malloc(n); /* a copy: what is behind its end is nobody's */
	if (!p)
		return 0;
	memcpy(p, data + 1, n - 1);
	struct x509_span in = { p, n - 1 };
	if (of[which].decode(&count, in))
		fill(which, in, count.n);
	free(p);
	return 0;
}
