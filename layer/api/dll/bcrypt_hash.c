/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt_hash.c -- hashes, HMAC, CMAC. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/text/nls.h"

struct bcrypt_hash *
bcrypt_hash(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == BCRYPT_HASHING ? h : NULL;
}

static uint8_t kind_of(const struct bcrypt_provider *p) { return bcrypt_algorithm(p->algorithm)->kind; }

DWORD
bcrypt_hash_size(const struct bcrypt_provider *p)
{
	return kind_of(p) == BCRYPT_CMAC ? 16 : (DWORD)digest_size((enum digest_kind)kind_of(p));
}

NTSTATUS
bcrypt_hash_property(struct bcrypt_provider *p, const WCHAR *name, BYTE *out, ULONG room,
                     ULONG *size)
{
	bool cmac = kind_of(p) == BCRYPT_CMAC;
	DWORD v;
	if (nls_equal_ascii(name, "HashDigestLength"))
		v = bcrypt_hash_size(p);
	else if (nls_equal_ascii(name, "HashBlockLength"))
		v = cmac ? 16 : (DWORD)digest_block((enum digest_kind)kind_of(p));
	else if (nls_equal_ascii(name, "ObjectLength"))
		v = sizeof(struct bcrypt_hash);
	else if (nls_equal_ascii(name, "IsKeyedHash"))
		v = p->keyed || cmac;
	else if (nls_equal_ascii(name, "IsReusableHash"))
		v = p->reusable;
	else
		return STATUS_NOT_SUPPORTED;
	return bcrypt_give(&v, 4, out, room, size);
}

/* The object that a caller lends is not needed: ours is behind the handle. */
WINAPI NTSTATUS
bcrypt_BCryptCreateHash(void *h, void **out, BYTE *object, ULONG size, BYTE *key, ULONG key_size,
                        ULONG flags)
{
	struct bcrypt_provider *p = bcrypt_provider(h);
	struct bcrypt_hash *x;
	if (!p || bcrypt_algorithm(p->algorithm)->class != BCRYPT_HASH)
		return STATUS_INVALID_HANDLE;
	if (!out || (key_size && !key))
		return STATUS_INVALID_PARAMETER;
	if (object && size && size < sizeof *x)
		return STATUS_BUFFER_TOO_SMALL;
	if (!(x = calloc(1, sizeof *x)))
		return STATUS_NO_MEMORY;
	x->magic = BCRYPT_HASHING;
	x->set = *p;
	x->set.lent = true;
	x->set.reusable |= !!(flags & BCRYPT_REUSABLE_FLAG);
	if (kind_of(p) == BCRYPT_CMAC) {
		if (!cipher_cmac_start(&x->state.cmac, key, key_size)) {
			free(x);
			return STATUS_INVALID_PARAMETER;
		}
	} else if (p->keyed) {
		digest_hmac_start(&x->state.keyed, (enum digest_kind)kind_of(p), key, key_size);
	} else {
		digest_start(&x->state.plain, (enum digest_kind)kind_of(p));
	}
	*out = x;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptHashData(void *h, BYTE *in, ULONG n, ULONG flags)
{
	struct bcrypt_hash *x = bcrypt_hash(h);
	(void)flags;
	if (!x || x->ended)
		return STATUS_INVALID_HANDLE;
	if (!in && n)
		return STATUS_INVALID_PARAMETER;
	if (kind_of(&x->set) == BCRYPT_CMAC)
		cipher_cmac_add(&x->state.cmac, in, n);
	else if (x->set.keyed)
		digest_hmac_add(&x->state.keyed, in, n);
	else
		digest_add(&x->state.plain, in, n);
	return STATUS_SUCCESS;
}

/* Each of the three is as after its start when it has ended. */
WINAPI NTSTATUS
bcrypt_BCryptFinishHash(void *h, BYTE *out, ULONG n, ULONG flags)
{
	struct bcrypt_hash *x = bcrypt_hash(h);
	(void)flags;
	if (!x || x->ended)
		return STATUS_INVALID_HANDLE;
	if (!out || n != bcrypt_hash_size(&x->set))
		return STATUS_INVALID_PARAMETER;
	if (kind_of(&x->set) == BCRYPT_CMAC)
		cipher_cmac_end(&x->state.cmac, out);
	else if (x->set.keyed)
		digest_hmac_end(&x->state.keyed, out);
	else
		digest_end(&x->state.plain, out);
	x->ended = !x->set.reusable;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptDuplicateHash(void *h, void **out, BYTE *object, ULONG size, ULONG flags)
{
	struct bcrypt_hash *x = bcrypt_hash(h), *y;
	(void)flags;
	if (!x || x->ended)
		return STATUS_INVALID_HANDLE;
	if (!out)
		return STATUS_INVALID_PARAMETER;
	if (object && size && size < sizeof *x)
		return STATUS_BUFFER_TOO_SMALL;
	if (!(y = malloc(sizeof *y)))
		return STATUS_NO_MEMORY;
	*y = *x;
	*out = y;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptDestroyHash(void *h)
{
	struct bcrypt_hash *x = bcrypt_hash(h);
	if (!x)
		return STATUS_INVALID_HANDLE;
	cipher_wipe(x, sizeof *x);
	free(x);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptHash(void *h, BYTE *key, ULONG key_size, BYTE *in, ULONG n, BYTE *out, ULONG room)
{
	void *x;
	NTSTATUS s = bcrypt_BCryptCreateHash(h, &x, NULL, 0, key, key_size, 0);
	if (s < 0)
		return s;
	s = bcrypt_BCryptHashData(x, in, n, 0);
	if (s >= 0)
		s = bcrypt_BCryptFinishHash(x, out, room, 0);
	bcrypt_BCryptDestroyHash(x);
	return s;
}
