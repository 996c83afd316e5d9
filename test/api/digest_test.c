/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "layer/api/nt/crypto/digest.h"
#include "test/unit.h"

static void
is(const uint8_t *p, size_t n, const char *want)
{
	char text[2 * DIGEST_MOST + 1];
	for (size_t i = 0; i < n; i++)
		snprintf(text + i * 2, 3, "%02x", p[i]);
	assert_string_equal(text, want);
}

static void
hash(enum digest_kind k, const char *s, unsigned times, const char *want)
{
	struct digest d;
	uint8_t out[DIGEST_MOST];
	digest_start(&d, k);
	while (times--)
		digest_add(&d, s, strlen(s));
	digest_end(&d, out);
	is(out, digest_size(k), want);
}

/* RFC 1321 A.5; FIPS 180-4's examples */
static void
known(void **state)
{
	(void)state;
	hash(DIGEST_MD5, "", 1, "d41d8cd98f00b204e9800998ecf8427e");
	hash(DIGEST_MD5, "abc", 1, "900150983cd24fb0d6963f7d28e17f72");
	hash(DIGEST_MD5, "1234567890", 8, "57edf4a22be3c955ac49da2e2107b67a");
	hash(DIGEST_SHA1, "abc", 1, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash(DIGEST_SHA1, "aaaaaaaaaa", 100000, "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
	hash(DIGEST_SHA256, "abc", 1,
	     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	hash(DIGEST_SHA256, "aaaaaaaaaa", 100000,
	     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	hash(DIGEST_SHA384, "abc", 1,
	     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358bae"
	     "ca134c825a7");
	hash(DIGEST_SHA512, "abc", 1,
	     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* RFC 4231 2 and 6; RFC 6070 2 */
static void
keyed(void **state)
{
	struct digest_hmac h;
	uint8_t out[DIGEST_MOST], key[131];
	(void)state;
	digest_hmac_start(&h, DIGEST_SHA256, "Jefe", 4);
	digest_hmac_add(&h, "what do ya want for nothing?", 28);
	digest_hmac_end(&h, out);
	is(out, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	digest_hmac_start(&h, DIGEST_SHA256, key, sizeof key);
	digest_hmac_add(&h, "Test Using Larger Than Block-Size Key - Hash Key First", 54);
	digest_hmac_end(&h, out);
	is(out, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	digest_pbkdf2(DIGEST_SHA1, "password", 8, "salt", 4, 2, out, 20);
	is(out, 20, "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957");
}

UNIT_MAIN(TEST(known), TEST(keyed))
