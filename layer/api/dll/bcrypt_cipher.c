/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt_cipher.c -- BCryptEncrypt and BCryptDecrypt of symmetric keys. */
#include <string.h>

#include "layer/api/dll/bcrypt.h"

/* BCRYPT_AUTHENTICATED_CIPHER_MODE_INFO */
struct auth {
	ULONG size, version;
	BYTE *nonce;
	ULONG nonce_size;
	BYTE *also;
	ULONG also_size;
	BYTE *tag;
	ULONG tag_size;
	BYTE *mac;
	ULONG mac_size;
	ULONG also_done;
	ULONGLONG data_done;
	ULONG flags;
};

enum { BLOCK_PADDING = 1, CHAIN_CALLS = 1, IN_PROGRESS = 2 };

/* What is read and written; out NULL: only how much it would be. */
struct span {
	const BYTE *in;
	ULONG n;
	BYTE *out;
	ULONG room;
};

/* -- with authentication ----------------------------------------------------------------- */

static NTSTATUS
check_tag(const BYTE *tag, const struct auth *a, const struct span *s)
{
	if (cipher_same(tag, a->tag, a->tag_size))
		return STATUS_SUCCESS;
	/* nobody shall use what nobody vouches for */
	cipher_wipe(s->out, s->out ? s->n : 0);
	return STATUS_AUTH_TAG_MISMATCH;
}

static NTSTATUS
gcm(struct bcrypt_key *k, bool encrypt, struct auth *a, const struct span *s)
{
	struct gcm_ctx x;
	BYTE tag[16];
	bool chain = a->flags & CHAIN_CALLS, more = a->flags & IN_PROGRESS;
	if (a->nonce_size != 12 || !a->nonce)
		return STATUS_INVALID_PARAMETER;
	if ((!chain || a->tag) && (!a->tag || a->tag_size < 12 || a->tag_size > 16))
		return STATUS_INVALID_PARAMETER;
	if ((chain || more) && (!a->mac || a->mac_size < 16))
		return STATUS_INVALID_PARAMETER;
	if (chain && s->n % 16)
		return STATUS_INVALID_BUFFER_SIZE;
	if (more) {
		/* only the last of the associated data and of the data is less than blocks */
		if (a->data_done % 16 || (a->also_size && (a->data_done || a->also_done % 16)))
			return STATUS_INVALID_PARAMETER;
		cipher_gcm_resume(&x, k->gcm, a->nonce, 12, a->mac, a->also_done, a->data_done);
	} else {
		cipher_gcm_start(&x, k->gcm, a->nonce, 12);
	}
	if (a->also_size)
		cipher_gcm_also(&x, k->gcm, a->also, a->also_size);
	if (s->n)
		cipher_gcm_run(&x, k->gcm, &k->cipher, encrypt, s->out, s->in, s->n);
	if (chain) {
		a->also_done = (ULONG)x.auth_size;
		a->data_done = x.data_size;
		a->flags |= IN_PROGRESS;
		cipher_gcm_mac(&x, a->mac);
		return STATUS_SUCCESS;
	}
	a->flags &= ~(ULONG)IN_PROGRESS;
	cipher_gcm_tag(&x, k->gcm, &k->cipher, tag, sizeof tag);
	if (!encrypt)
		return check_tag(tag, a, s);
	memcpy(a->tag, tag, a->tag_size);
	return STATUS_SUCCESS;
}

/* The first block that CCM works on has the length of all data in it, so that it cannot be
 * done in parts: SP 800-38C A.2.1. */
static NTSTATUS
ccm(struct bcrypt_key *k, bool encrypt, struct auth *a, const struct span *s)
{
	BYTE tag[16];
	struct cipher_ccm p = { a->nonce, a->also, a->nonce_size, a->also_size, a->tag_size };
	if (a->flags & (CHAIN_CALLS | IN_PROGRESS))
		return STATUS_NOT_SUPPORTED;
	if (!a->nonce || a->nonce_size < 7 || a->nonce_size > 13)
		return STATUS_INVALID_PARAMETER;
	if (!a->tag || a->tag_size < 4 || a->tag_size > 16 || a->tag_size % 2)
		return STATUS_INVALID_PARAMETER;
	if ((a->nonce_size == 13 && s->n > 0xffff) || (a->nonce_size == 12 && s->n > 0xffffff))
		return STATUS_INVALID_PARAMETER;
	cipher_ccm(&k->cipher, &p, encrypt, s->out, s->in, s->n, tag);
	if (!encrypt)
		return check_tag(tag, a, s);
	memcpy(a->tag, tag, a->tag_size);
	return STATUS_SUCCESS;
}

static NTSTATUS
authenticated(struct bcrypt_key *k, bool encrypt, struct auth *a, const struct span *s, ULONG *size)
{
	if (!a || a->size < sizeof *a || a->version != 1 || (a->also_size && !a->also))
		return STATUS_INVALID_PARAMETER;
	*size = s->n;
	if (!s->out && s->n)
		return STATUS_SUCCESS;
	if (s->room < s->n)
		return STATUS_BUFFER_TOO_SMALL;
	return k->set.mode == CIPHER_GCM ? gcm(k, encrypt, a, s) : ccm(k, encrypt, a, s);
}

/* -- without it ---------------------------------------------------------------------------- */

static NTSTATUS
encrypt_padded(struct bcrypt_key *k, BYTE *iv, ULONG unit, const struct span *s, ULONG *size)
{
	BYTE last[CIPHER_BLOCK_MOST];
	ULONG whole = s->n - s->n % unit, rest = s->n % unit;
	*size = whole + unit;
	if (!s->out)
		return STATUS_SUCCESS;
	if (s->room < *size)
		return STATUS_BUFFER_TOO_SMALL;
	memset(last, (int)(unit - rest), unit);
	if (rest)
		memcpy(last, s->in + whole, rest);
	cipher_run(&k->cipher, (enum cipher_mode)k->set.mode, true, iv, k->set.segment, s->out,
	           s->in, whole);
	cipher_run(&k->cipher, (enum cipher_mode)k->set.mode, true, iv, k->set.segment,
	           s->out + whole, last, unit);
	return STATUS_SUCCESS;
}

/* There has to be room only for what is text. */
static NTSTATUS
decrypt_padded(struct bcrypt_key *k, BYTE *iv, ULONG unit, const struct span *s, ULONG *size)
{
	BYTE last[CIPHER_BLOCK_MOST];
	enum cipher_mode mode = (enum cipher_mode)k->set.mode;
	*size = s->n;
	if (!s->n || s->n % unit)
		return STATUS_INVALID_BUFFER_SIZE;
	if (!s->out)
		return STATUS_SUCCESS;
	ULONG whole = s->n - unit;
	if (s->room < whole)
		return STATUS_BUFFER_TOO_SMALL;
	/* before anything is written, as out may be in */
	memcpy(last, s->in + whole, unit);
	cipher_run(&k->cipher, mode, false, iv, k->set.segment, s->out, s->in, whole);
	cipher_run(&k->cipher, mode, false, iv, k->set.segment, last, last, unit);
	size_t text = cipher_unpadded(last, unit, unit);
	if (text == SIZE_MAX)
		return STATUS_DATA_ERROR;
	*size = whole + (ULONG)text;
	if (s->room < *size)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(s->out + whole, last, text);
	return STATUS_SUCCESS;
}

static NTSTATUS
plain(struct bcrypt_key *k, bool encrypt, BYTE *iv, ULONG iv_size, const struct span *s,
      ULONG *size, ULONG flags)
{
	const struct bcrypt_provider *p = &k->set;
	ULONG block = cipher_trait[k->cipher.kind].block;
	ULONG unit = p->mode == CIPHER_CFB ? p->segment : block;
	bool chained = p->mode == CIPHER_CBC || p->mode == CIPHER_CFB;
	BYTE at[CIPHER_BLOCK_MOST] = { 0 };
	BYTE *from = iv ? iv : k->iv;
	NTSTATUS r = STATUS_SUCCESS;
	if (chained) {
		if (iv && iv_size != block)
			return STATUS_INVALID_PARAMETER;
		memcpy(at, from, block);
	}
	if ((flags & BLOCK_PADDING) && p->mode != CIPHER_STREAM) {
		r = (encrypt ? encrypt_padded : decrypt_padded)(k, at, unit, s, size);
	} else {
		*size = s->n;
		if (s->n % unit)
			return STATUS_INVALID_BUFFER_SIZE;
		if (!s->out)
			return STATUS_SUCCESS;
		if (s->room < s->n)
			return STATUS_BUFFER_TOO_SMALL;
		cipher_run(&k->cipher, (enum cipher_mode)p->mode, encrypt, at, p->segment, s->out,
		           s->in, s->n);
	}
	if (r >= 0 && s->out && chained)
		memcpy(from, at, block);
	return r;
}

static NTSTATUS
run(void *h, bool encrypt, struct auth *info, BYTE *iv, ULONG iv_size, const struct span *s,
    ULONG *size, ULONG flags)
{
	struct bcrypt_key *k = bcrypt_key(h);
	struct bcrypt_pair *pair = k ? NULL : bcrypt_pair(h);
	if (!k && !pair)
		return STATUS_INVALID_HANDLE;
	if (pair)
		return size ? bcrypt_pair_crypt(pair, encrypt, s->in, s->n, info, s->out, s->room,
		                                size, flags)
		            : STATUS_INVALID_PARAMETER;
	if (!size || (s->n && !s->in))
		return STATUS_INVALID_PARAMETER;
	if (bcrypt_algorithm(k->set.algorithm)->class != BCRYPT_CIPHER)
		return STATUS_NOT_SUPPORTED;
	if (k->set.mode == CIPHER_GCM || k->set.mode == CIPHER_CCM)
		return authenticated(k, encrypt, info, s, size);
	if (info)
		return STATUS_INVALID_PARAMETER;
	return plain(k, encrypt, iv, iv_size, s, size, flags);
}

WINAPI NTSTATUS
bcrypt_BCryptEncrypt(void *h, BYTE *in, ULONG n, void *info, BYTE *iv, ULONG iv_size, BYTE *out,
                     ULONG room, ULONG *size, ULONG flags)
{
	struct span s = { in, n, out, room };
	return run(h, true, info, iv, iv_size, &s, size, flags);
}

WINAPI NTSTATUS
bcrypt_BCryptDecrypt(void *h, BYTE *in, ULONG n, void *info, BYTE *iv, ULONG iv_size, BYTE *out,
                     ULONG room, ULONG *size, ULONG flags)
{
	struct span s = { in, n, out, room };
	return run(h, false, info, iv, iv_size, &s, size, flags);
}
