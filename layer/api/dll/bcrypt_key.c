/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt_key.c -- symmetric keys, and the properties of ciphers. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/text/nls.h"

struct bcrypt_key *
bcrypt_key(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == BCRYPT_KEY ? h : NULL;
}

static const struct bcrypt_algorithm *
algorithm(const struct bcrypt_provider *p)
{
	return bcrypt_algorithm(p->algorithm);
}

static const struct cipher_trait *
trait(const struct bcrypt_provider *p)
{
	return &cipher_trait[algorithm(p)->kind];
}

static void
destroy(struct bcrypt_key *k)
{
	if (k->gcm)
		cipher_wipe(k->gcm, sizeof *k->gcm);
	free(k->gcm);
	if (k->secret)
		cipher_wipe(k->secret, k->size);
	free(k->secret);
	cipher_wipe(k, sizeof *k);
	free(k);
}

/* What a mode needs besides the key. */
static NTSTATUS
fit_mode(struct bcrypt_key *k)
{
	if (k->set.mode == CIPHER_GCM && !k->gcm) {
		if (!(k->gcm = malloc(sizeof *k->gcm)))
			return STATUS_NO_MEMORY;
		cipher_gcm_key(k->gcm, &k->cipher);
	}
	return STATUS_SUCCESS;
}

static NTSTATUS
make(const struct bcrypt_provider *p, const BYTE *secret, DWORD n, void **out)
{
	const struct bcrypt_algorithm *a = algorithm(p);
	struct bcrypt_key *k = calloc(1, sizeof *k);
	if (!k || !(k->secret = malloc(n ? n : 1))) {
		free(k);
		return STATUS_NO_MEMORY;
	}
	k->magic = BCRYPT_KEY;
	k->set = *p;
	k->set.lent = true;
	k->size = n;
	if (n)
		memcpy(k->secret, secret, n);
	NTSTATUS s = STATUS_SUCCESS;
	if (a->class == BCRYPT_CIPHER)
		s = cipher_start(&k->cipher, (enum cipher_kind)a->kind, k->secret, n, p->effective)
		            ? fit_mode(k)
		            : STATUS_INVALID_PARAMETER;
	if (s < 0)
		destroy(k);
	else
		*out = k;
	return s;
}

/* The object that a caller lends is not needed: ours is behind the handle. */
static NTSTATUS
object_fits(const BYTE *object, ULONG size)
{
	return object && size && size < sizeof(struct bcrypt_key) ? STATUS_BUFFER_TOO_SMALL
	                                                          : STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptGenerateSymmetricKey(void *h, void **out, BYTE *object, ULONG object_size,
                                  BYTE *secret, ULONG n, ULONG flags)
{
	struct bcrypt_provider *p = bcrypt_provider(h);
	if (!p)
		return STATUS_INVALID_HANDLE;
	if (algorithm(p)->class != BCRYPT_CIPHER && algorithm(p)->class != BCRYPT_DERIVATION)
		return STATUS_NOT_SUPPORTED;
	if (!out || (!secret && n) || flags)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s = object_fits(object, object_size);
	return s < 0 ? s : make(p, secret, n, out);
}

WINAPI NTSTATUS
bcrypt_BCryptDuplicateKey(void *h, void **out, BYTE *object, ULONG object_size, ULONG flags)
{
	struct bcrypt_key *k = bcrypt_key(h), *copy;
	if (!k)
		return STATUS_INVALID_HANDLE;
	if (!out || flags)
		return STATUS_INVALID_PARAMETER;
	NTSTATUS s = object_fits(object, object_size);
	if (s >= 0)
		s = make(&k->set, k->secret, k->size, out);
	if (s < 0)
		return s;
	copy = *out;
	copy->cipher = k->cipher; /* RC4 goes on where this one is */
	memcpy(copy->iv, k->iv, sizeof k->iv);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptDestroyKey(void *h)
{
	struct bcrypt_key *k = bcrypt_key(h);
	struct bcrypt_pair *pair = k ? NULL : bcrypt_pair(h);
	if (!k && !pair)
		return STATUS_INVALID_HANDLE;
	if (pair)
		bcrypt_pair_destroy(pair);
	else
		destroy(k);
	return STATUS_SUCCESS;
}

/* -- blobs ---------------------------------------------------------------------------------- */

struct key_data {
	DWORD magic, version, size;
};
enum { KEY_DATA = 0x4d42444b, KEY_DATA_VERSION = 1 };

/* An opaque blob is the same with a word of ours: it is of use only here. */
enum { OPAQUE = 0x4a4f5151 };

static NTSTATUS
import_wrapped(struct bcrypt_provider *p, void *wrapping, const BYTE *in, ULONG n, void **out)
{
	struct bcrypt_key *w = bcrypt_key(wrapping);
	BYTE plain[CIPHER_KEY_MOST];
	if (!w)
		return STATUS_INVALID_HANDLE;
	if (algorithm(&w->set)->class != BCRYPT_CIPHER || algorithm(&w->set)->kind != CIPHER_AES)
		return STATUS_NOT_SUPPORTED;
	if (n < 24 || n % 8 || n - 8 > sizeof plain)
		return STATUS_INVALID_PARAMETER;
	if (!cipher_unwrap(&w->cipher, plain, n - 8, in))
		return STATUS_INVALID_SIGNATURE;
	NTSTATUS s = make(p, plain, n - 8, out);
	cipher_wipe(plain, sizeof plain);
	return s;
}

WINAPI NTSTATUS
bcrypt_BCryptImportKey(void *h, void *wrapping, const WCHAR *type, void **out, BYTE *object,
                       ULONG object_size, BYTE *in, ULONG n, ULONG flags)
{
	struct bcrypt_provider *p = bcrypt_provider(h);
	struct key_data d;
	if (!p)
		return STATUS_INVALID_HANDLE;
	if (!type || !out || !in || flags)
		return STATUS_INVALID_PARAMETER;
	if (algorithm(p)->class != BCRYPT_CIPHER && algorithm(p)->class != BCRYPT_DERIVATION)
		return STATUS_NOT_SUPPORTED;
	NTSTATUS s = object_fits(object, object_size);
	if (s < 0)
		return s;
	if (nls_equal_ascii(type, "Rfc3565KeyWrapBlob"))
		return import_wrapped(p, wrapping, in, n, out);
	bool opaque = nls_equal_ascii(type, "OpaqueKeyBlob");
	if (!opaque && !nls_equal_ascii(type, "KeyDataBlob"))
		return STATUS_NOT_SUPPORTED;
	if (n < sizeof d)
		return STATUS_INVALID_PARAMETER;
	memcpy(&d, in, sizeof d);
	if (d.magic != (opaque ? OPAQUE : KEY_DATA) || d.version != KEY_DATA_VERSION ||
	    d.size > n - sizeof d)
		return STATUS_INVALID_PARAMETER;
	return make(p, in + sizeof d, d.size, out);
}

static NTSTATUS
export_wrapped(const struct bcrypt_key *k, void *wrapping, BYTE *out, ULONG room, ULONG *size)
{
	struct bcrypt_key *w = bcrypt_key(wrapping);
	if (!w)
		return STATUS_INVALID_HANDLE;
	if (algorithm(&w->set)->class != BCRYPT_CIPHER || algorithm(&w->set)->kind != CIPHER_AES)
		return STATUS_NOT_SUPPORTED;
	if (k->size < 16 || k->size % 8)
		return STATUS_NOT_SUPPORTED;
	*size = k->size + 8;
	if (!out)
		return STATUS_SUCCESS;
	if (room < *size)
		return STATUS_BUFFER_TOO_SMALL;
	cipher_wrap(&w->cipher, out, k->secret, k->size);
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptExportKey(void *h, void *wrapping, const WCHAR *type, BYTE *out, ULONG room,
                       ULONG *size, ULONG flags)
{
	struct bcrypt_key *k = bcrypt_key(h);
	struct bcrypt_pair *pair = k ? NULL : bcrypt_pair(h);
	if (!k && !pair)
		return STATUS_INVALID_HANDLE;
	if (!type || !size || flags)
		return STATUS_INVALID_PARAMETER;
	if (pair)
		return wrapping ? STATUS_NOT_SUPPORTED
		                : bcrypt_pair_export(pair, type, out, room, size);
	if (nls_equal_ascii(type, "Rfc3565KeyWrapBlob"))
		return export_wrapped(k, wrapping, out, room, size);
	bool opaque = nls_equal_ascii(type, "OpaqueKeyBlob");
	if (!opaque && !nls_equal_ascii(type, "KeyDataBlob"))
		return STATUS_NOT_SUPPORTED;
	struct key_data d = { opaque ? OPAQUE : KEY_DATA, KEY_DATA_VERSION, k->size };
	*size = (ULONG)sizeof d + k->size;
	if (!out)
		return STATUS_SUCCESS;
	if (room < *size)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(out, &d, sizeof d);
	memcpy(out + sizeof d, k->secret, k->size);
	return STATUS_SUCCESS;
}

/* -- properties ----------------------------------------------------------------------------- */

static const char *const mode_names[] = {
	[CIPHER_STREAM] = "ChainingModeN/A", [CIPHER_ECB] = "ChainingModeECB",
	[CIPHER_CBC] = "ChainingModeCBC",    [CIPHER_CFB] = "ChainingModeCFB",
	[CIPHER_GCM] = "ChainingModeGCM",    [CIPHER_CCM] = "ChainingModeCCM",
};

static NTSTATUS
mode_name(enum cipher_mode m, BYTE *out, ULONG room, ULONG *size)
{
	WCHAR text[20];
	size_t n = strlen(mode_names[m]) + 1;
	nls_16_of_8(mode_names[m], n, text, n, NULL);
	return bcrypt_give(text, n * 2, out, room, size);
}

struct lengths {
	DWORD least, most, step;
};

NTSTATUS
bcrypt_cipher_property(struct bcrypt_provider *p, struct bcrypt_key *k, const WCHAR *name,
                       BYTE *out, ULONG room, ULONG *size)
{
	const struct cipher_trait *t = trait(p);
	enum cipher_kind kind = (enum cipher_kind)algorithm(p)->kind;
	DWORD v;
	if (nls_equal_ascii(name, "ChainingMode"))
		return mode_name((enum cipher_mode)p->mode, out, room, size);
	if (nls_equal_ascii(name, "KeyLengths")) {
		struct lengths l = { t->key_least * 8u, t->key_most * 8u, t->key_step * 8u };
		return bcrypt_give(&l, sizeof l, out, room, size);
	}
	if (nls_equal_ascii(name, "AuthTagLength")) {
		struct lengths gcm = { 12, 16, 1 }, ccm = { 4, 16, 2 };
		if (p->mode != CIPHER_GCM && p->mode != CIPHER_CCM)
			return STATUS_NOT_SUPPORTED;
		return bcrypt_give(p->mode == CIPHER_GCM ? &gcm : &ccm, sizeof gcm, out, room,
		                   size);
	}
	if (nls_equal_ascii(name, "IV") && k && t->block > 1)
		return bcrypt_give(k->iv, t->block, out, room, size);
	if (nls_equal_ascii(name, "BlockLength") || nls_equal_ascii(name, "BlockSizeList"))
		v = t->block;
	else if (nls_equal_ascii(name, "ObjectLength") || nls_equal_ascii(name, "KeyObjectLength"))
		v = sizeof(struct bcrypt_key);
	else if (nls_equal_ascii(name, "MessageBlockLength"))
		v = p->mode == CIPHER_CFB ? p->segment : t->block;
	else if (nls_equal_ascii(name, "EffectiveKeyLength") && kind == CIPHER_RC2)
		v = p->effective ? p->effective : k ? k->size * 8 : 128;
	else if (nls_equal_ascii(name, "KeyLength") && k)
		v = k->size * 8;
	else if (nls_equal_ascii(name, "KeyStrength") && k)
		/* parity bits and meeting in the middle do not count: SP 800-57 5.6.1 */
		v = kind == CIPHER_DES        ? 56
		    : kind == CIPHER_DES3_112 ? 80
		    : kind == CIPHER_DES3     ? 112
		    : kind == CIPHER_RC2      ? (p->effective ? p->effective : k->size * 8)
		                              : k->size * 8;
	else
		return STATUS_NOT_SUPPORTED;
	return bcrypt_give(&v, 4, out, room, size);
}

static NTSTATUS
set_mode(struct bcrypt_provider *p, struct bcrypt_key *k, const BYTE *in, ULONG n)
{
	enum cipher_kind kind = (enum cipher_kind)algorithm(p)->kind;
	WCHAR text[20] = { 0 };
	if (n < 2 || n > sizeof text - 2)
		return STATUS_INVALID_PARAMETER;
	memcpy(text, in, n & ~1u);
	for (int m = CIPHER_STREAM; m <= CIPHER_CCM; m++) {
		if (!nls_equal_ascii(text, mode_names[m]))
			continue;
		if ((m == CIPHER_STREAM) != (kind == CIPHER_RC4) ||
		    (m >= CIPHER_GCM && kind != CIPHER_AES))
			return STATUS_NOT_SUPPORTED;
		p->mode = (uint8_t)m;
		return k ? fit_mode(k) : STATUS_SUCCESS;
	}
	return STATUS_INVALID_PARAMETER;
}

NTSTATUS
bcrypt_cipher_set(struct bcrypt_provider *p, struct bcrypt_key *k, const WCHAR *name,
                  const BYTE *in, ULONG n)
{
	const struct cipher_trait *t = trait(p);
	enum cipher_kind kind = (enum cipher_kind)algorithm(p)->kind;
	DWORD v;
	if (nls_equal_ascii(name, "ChainingMode"))
		return set_mode(p, k, in, n);
	if (nls_equal_ascii(name, "IV")) {
		if (!k || t->block == 1)
			return STATUS_NOT_SUPPORTED;
		if (n != t->block)
			return STATUS_INVALID_PARAMETER;
		memcpy(k->iv, in, n);
		return STATUS_SUCCESS;
	}
	bool segment = nls_equal_ascii(name, "MessageBlockLength");
	bool effective = nls_equal_ascii(name, "EffectiveKeyLength");
	if (!segment && !(effective && kind == CIPHER_RC2))
		return STATUS_NOT_SUPPORTED;
	if (n < sizeof v)
		return STATUS_INVALID_PARAMETER;
	memcpy(&v, in, sizeof v);
	if (segment) {
		if (v != 1 && v != t->block)
			return STATUS_INVALID_PARAMETER;
		p->segment = v;
		return STATUS_SUCCESS;
	}
	if (v < 16 || v > 1024)
		return STATUS_INVALID_PARAMETER;
	p->effective = v;
	if (k)
		cipher_start(&k->cipher, kind, k->secret, k->size, v);
	return STATUS_SUCCESS;
}
