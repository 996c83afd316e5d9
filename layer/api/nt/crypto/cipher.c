/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/cipher.h"

#include <nettle/cbc.h>
#include <nettle/cfb.h>
#include <nettle/memops.h>
#include <nettle/nist-keywrap.h>
#include <string.h>

const struct cipher_trait cipher_trait[CIPHER_KINDS] = {
	[CIPHER_AES] = { 16, 16, 32, 8 },     [CIPHER_DES] = { 8, 8, 8, 0 },
	[CIPHER_DES3_112] = { 8, 16, 16, 0 }, [CIPHER_DES3] = { 8, 24, 24, 0 },
	[CIPHER_RC2] = { 8, 2, 16, 1 },       [CIPHER_RC4] = { 1, 1, 64, 1 },
};

/* RFC 3394 2.2.3.1 */
static const uint8_t wrap_iv[8] = { 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6, 0xa6 };

bool
cipher_key_fits(enum cipher_kind k, size_t n)
{
	const struct cipher_trait *t = &cipher_trait[k];
	return n >= t->key_least && n <= t->key_most &&
	       (n == t->key_least || (n - t->key_least) % t->key_step == 0);
}

static void
start_aes(struct cipher *c, const uint8_t *key, size_t n)
{
	if (n == 16) {
		aes128_set_encrypt_key(&c->state.aes128.to, key);
		aes128_invert_key(&c->state.aes128.from, &c->state.aes128.to);
	} else if (n == 24) {
		aes192_set_encrypt_key(&c->state.aes192.to, key);
		aes192_invert_key(&c->state.aes192.from, &c->state.aes192.to);
	} else {
		aes256_set_encrypt_key(&c->state.aes256.to, key);
		aes256_invert_key(&c->state.aes256.from, &c->state.aes256.to);
	}
}

bool
cipher_start(struct cipher *c, enum cipher_kind k, const uint8_t *key, size_t n, unsigned bits)
{
	uint8_t three[DES3_KEY_SIZE];
	if (!cipher_key_fits(k, n))
		return false;
	c->kind = k;
	c->key_size = (uint8_t)n;
	/* a weak key of DES is used all the same, as it is asked for */
	switch (k) {
	case CIPHER_AES: start_aes(c, key, n); break;
	case CIPHER_DES: des_set_key(&c->state.des, key); break;
	case CIPHER_DES3_112:
		memcpy(three, key, 16);
		memcpy(three + 16, key, 8);
		des3_set_key(&c->state.des3, three);
		cipher_wipe(three, sizeof three);
		break;
	case CIPHER_DES3: des3_set_key(&c->state.des3, key); break;
	case CIPHER_RC2:
		arctwo_set_key_ekb(&c->state.rc2, n, key, bits ? bits : (unsigned)n * 8);
		break;
	case CIPHER_RC4: arcfour_set_key(&c->state.rc4, n, key); break;
	case CIPHER_KINDS: return false;
	}
	return true;
}

/* The function for a direction, and the part of the state that it reads. */
static nettle_cipher_func *
function(const struct cipher *c, bool encrypt, const void **state)
{
	*state = &c->state;
	switch (c->kind) {
	case CIPHER_AES:
		if (c->key_size == 16) {
			if (!encrypt)
				*state = &c->state.aes128.from;
			return (nettle_cipher_func *)(encrypt ? aes128_encrypt : aes128_decrypt);
		}
		if (c->key_size == 24) {
			if (!encrypt)
				*state = &c->state.aes192.from;
			return (nettle_cipher_func *)(encrypt ? aes192_encrypt : aes192_decrypt);
		}
		if (!encrypt)
			*state = &c->state.aes256.from;
		return (nettle_cipher_func *)(encrypt ? aes256_encrypt : aes256_decrypt);
	case CIPHER_DES: return (nettle_cipher_func *)(encrypt ? des_encrypt : des_decrypt);
	case CIPHER_DES3_112:
	case CIPHER_DES3: return (nettle_cipher_func *)(encrypt ? des3_encrypt : des3_decrypt);
	case CIPHER_RC2: return (nettle_cipher_func *)(encrypt ? arctwo_encrypt : arctwo_decrypt);
	case CIPHER_RC4:
	case CIPHER_KINDS: break;
	}
	return NULL;
}

void
cipher_run(struct cipher *c, enum cipher_mode m, bool encrypt, uint8_t *iv, size_t segment,
           uint8_t *out, const uint8_t *in, size_t n)
{
	const void *state;
	size_t block = cipher_trait[c->kind].block;
	if (c->kind == CIPHER_RC4) {
		arcfour_crypt(&c->state.rc4, n, out, in);
		return;
	}
	/* CFB encrypts both ways: SP 800-38A 6.3 */
	nettle_cipher_func *f = function(c, encrypt || m == CIPHER_CFB, &state);
	if (m == CIPHER_ECB)
		f(state, n, out, in);
	else if (m == CIPHER_CBC)
		(encrypt ? cbc_encrypt : cbc_decrypt)(state, f, block, iv, n, out, in);
	else if (segment == 1)
		(encrypt ? cfb8_encrypt : cfb8_decrypt)(state, f, block, iv, n, out, in);
	else
		(encrypt ? cfb_encrypt : cfb_decrypt)(state, f, block, iv, n, out, in);
}

/* -- with authentication --------------------------------------------------------------- */

void
cipher_gcm_key(struct gcm_key *g, const struct cipher *c)
{
	const void *state;
	nettle_cipher_func *f = function(c, true, &state);
	gcm_set_key(g, state, f);
}

void
cipher_gcm_start(struct gcm_ctx *x, const struct gcm_key *g, const uint8_t *nonce, size_t n)
{
	gcm_set_iv(x, g, n, nonce);
}

void
cipher_gcm_resume(struct gcm_ctx *x, const struct gcm_key *g, const uint8_t *nonce, size_t n,
                  const uint8_t mac[16], uint64_t also, uint64_t data)
{
	gcm_set_iv(x, g, n, nonce);
	memcpy(x->x.b, mac, 16);
	x->auth_size = also;
	x->data_size = data;
	/* the last 32 bits count blocks: SP 800-38D 6.5 */
	uint32_t count = (uint32_t)x->ctr.b[12] << 24 | (uint32_t)x->ctr.b[13] << 16 |
	                 (uint32_t)x->ctr.b[14] << 8 | x->ctr.b[15];
	count += (uint32_t)(data / 16);
	for (int i = 0; i < 4; i++)
		x->ctr.b[12 + i] = (uint8_t)(count >> (24 - 8 * i));
}

void
cipher_gcm_mac(const struct gcm_ctx *x, uint8_t mac[16])
{
	memcpy(mac, x->x.b, 16);
}

void
cipher_gcm_also(struct gcm_ctx *x, const struct gcm_key *g, const uint8_t *p, size_t n)
{
	gcm_update(x, g, n, p);
}

void
cipher_gcm_run(struct gcm_ctx *x, const struct gcm_key *g, const struct cipher *c, bool encrypt,
               uint8_t *out, const uint8_t *in, size_t n)
{
	const void *state;
	nettle_cipher_func *f = function(c, true, &state);
	(encrypt ? gcm_encrypt : gcm_decrypt)(x, g, state, f, n, out, in);
}

void
cipher_gcm_tag(struct gcm_ctx *x, const struct gcm_key *g, const struct cipher *c, uint8_t *tag,
               size_t n)
{
	const void *state;
	nettle_cipher_func *f = function(c, true, &state);
	gcm_digest(x, g, state, f, n, tag);
}

void
cipher_ccm(const struct cipher *c, const struct cipher_ccm *p, bool encrypt, uint8_t *out,
           const uint8_t *in, size_t n, uint8_t *tag)
{
	struct ccm_ctx x;
	const void *state;
	nettle_cipher_func *f = function(c, true, &state);
	ccm_set_nonce(&x, state, f, p->nonce_size, p->nonce, p->also_size, n, p->tag_size);
	ccm_update(&x, state, f, p->also_size, p->also);
	(encrypt ? ccm_encrypt : ccm_decrypt)(&x, state, f, n, out, in);
	ccm_digest(&x, state, f, p->tag_size, tag);
}

bool
cipher_cmac_start(struct cipher_cmac *m, const uint8_t *key, size_t n)
{
	const void *state;
	if (!cipher_start(&m->cipher, CIPHER_AES, key, n, 0))
		return false;
	nettle_cipher_func *f = function(&m->cipher, true, &state);
	cmac128_set_key(&m->key, state, f);
	cmac128_init(&m->state);
	return true;
}

void
cipher_cmac_add(struct cipher_cmac *m, const uint8_t *p, size_t n)
{
	const void *state;
	nettle_cipher_func *f = function(&m->cipher, true, &state);
	cmac128_update(&m->state, state, f, n, p);
}

void
cipher_cmac_end(struct cipher_cmac *m, uint8_t out[16])
{
	const void *state;
	nettle_cipher_func *f = function(&m->cipher, true, &state);
	cmac128_digest(&m->state, &m->key, state, f, 16, out);
}

void
cipher_wrap(const struct cipher *c, uint8_t *wrapped, const uint8_t *plain, size_t n)
{
	const void *state;
	nettle_cipher_func *f = function(c, true, &state);
	nist_keywrap16(state, f, wrap_iv, n + 8, wrapped, plain);
}

bool
cipher_unwrap(const struct cipher *c, uint8_t *plain, size_t n, const uint8_t *wrapped)
{
	const void *state;
	nettle_cipher_func *f = function(c, false, &state);
	return nist_keyunwrap16(state, f, wrap_iv, n, plain, wrapped);
}

/* -- small things ------------------------------------------------------------------------ */

/* RFC 5652 6.3 */
size_t
cipher_unpadded(const uint8_t *p, size_t n, size_t block)
{
	size_t pad = n ? p[n - 1] : 0;
	if (!pad || pad > block || pad > n)
		return SIZE_MAX;
	for (size_t i = 0; i < pad; i++)
		if (p[n - 1 - i] != pad)
			return SIZE_MAX;
	return n - pad;
}

bool
cipher_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	return memeql_sec(a, b, n);
}

void
cipher_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}
