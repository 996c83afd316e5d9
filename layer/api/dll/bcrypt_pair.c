/* SPDX-License-Identifier: Apache-2.0 */
/* bcrypt_pair.c -- public and private keys: made, imported, exported, asked. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/bcrypt.h"
#include "layer/api/nt/text/nls.h"

struct bcrypt_pair *
bcrypt_pair(void *h)
{
	return (ULONG_PTR)h >= 0x10000 && *(DWORD *)h == BCRYPT_PAIR ? h : NULL;
}

static const struct bcrypt_algorithm *
algorithm(const struct bcrypt_provider *p)
{
	return bcrypt_algorithm(p->algorithm);
}

static bool is_pair(const struct bcrypt_algorithm *a) { return a->class >= BCRYPT_ASYMMETRIC && a->class <= BCRYPT_SIGNATURE; }

void
bcrypt_pair_destroy(struct bcrypt_pair *k)
{
	keypair_clear(&k->pair);
	cipher_wipe(k, sizeof *k);
	free(k);
}

static struct bcrypt_pair *
fresh(const struct bcrypt_provider *p)
{
	struct bcrypt_pair *k = calloc(1, sizeof *k);
	if (!k)
		return NULL;
	k->magic = BCRYPT_PAIR;
	k->set = *p;
	k->set.lent = true;
	if (algorithm(p)->kind == BCRYPT_RSA)
		keypair_begin_rsa(&k->pair);
	return k;
}

static void
begin_curve(struct bcrypt_pair *k, enum curve_kind c)
{
	keypair_begin_curve(&k->pair, c);
	k->set.curve = (uint8_t)c;
	k->bits = curve_bits(c);
}

struct bcrypt_pair *
bcrypt_pair_of(const char *name, struct keypair *own)
{
	struct bcrypt_provider p = { .magic = BCRYPT_PROVIDER, .segment = 1, .curve = CURVE_KINDS };
	int i = 0;
	while (strcmp(bcrypt_algorithm((unsigned)i)->name, name))
		i++;
	p.algorithm = (uint8_t)i;
	if (!own->rsa)
		p.curve = (uint8_t)own->curve.kind;
	struct bcrypt_pair *k = fresh(&p);
	if (!k)
		return NULL;
	keypair_clear(&k->pair);
	k->pair = *own;
	*own = (struct keypair){ 0 };
	k->bits = k->pair.rsa ? rsakey_bits(&k->pair.key) : curve_bits(k->pair.curve.kind);
	k->ready = true;
	return k;
}

/* It becomes a key when it is finalized: until then properties may be set. */
WINAPI NTSTATUS
bcrypt_BCryptGenerateKeyPair(void *h, void **out, ULONG bits, ULONG flags)
{
	struct bcrypt_provider *p = bcrypt_provider(h);
	if (!p)
		return STATUS_INVALID_HANDLE;
	if (!is_pair(algorithm(p)))
		return STATUS_NOT_SUPPORTED;
	if (!out || flags)
		return STATUS_INVALID_PARAMETER;
	bool rsa = algorithm(p)->kind == BCRYPT_RSA;
	if (rsa && (bits < RSAKEY_LEAST || bits > RSAKEY_MOST || bits % 64))
		return STATUS_INVALID_PARAMETER;
	if (!rsa && p->curve < CURVE_KINDS && bits && bits != curve_bits((enum curve_kind)p->curve))
		return STATUS_INVALID_PARAMETER;
	struct bcrypt_pair *k = fresh(p);
	if (!k)
		return STATUS_NO_MEMORY;
	k->bits = bits;
	if (!rsa && p->curve < CURVE_KINDS)
		begin_curve(k, (enum curve_kind)p->curve);
	*out = k;
	return STATUS_SUCCESS;
}

WINAPI NTSTATUS
bcrypt_BCryptFinalizeKeyPair(void *h, ULONG flags)
{
	struct bcrypt_pair *k = bcrypt_pair(h);
	if (!k || k->ready)
		return STATUS_INVALID_HANDLE;
	if (flags || !k->pair.begun)
		return STATUS_INVALID_PARAMETER;
	if (k->pair.rsa && !rsakey_generate(&k->pair.key, k->bits))
		return STATUS_UNSUCCESSFUL;
	if (!k->pair.rsa)
		curve_generate(&k->pair.curve);
	k->ready = true;
	return STATUS_SUCCESS;
}

/* -- blobs ---------------------------------------------------------------------------------- */

enum { RSA_PUBLIC = 0x31415352, RSA_PRIVATE = 0x32415352, RSA_FULL = 0x33415352 };
enum {
	DH_PUBLIC = 0x504b4345,
	DH_PRIVATE = 0x564b4345,
	DSA_PUBLIC = 0x50444345,
	DSA_PRIVATE = 0x56444345
};

struct rsa_blob {
	DWORD magic, bits, e, n, p, q; /* then e, n, p, q, and for the full one dp, dq, 1/q, d */
};
struct curve_blob {
	DWORD magic, size; /* then x, y, d */
};

/* ECK1 ... ECK6, ECS1 ... ECS6: public and private, by curve; or ones for any curve. */
static DWORD
curve_magic(const struct bcrypt_provider *p, enum curve_kind c, bool private, bool generic)
{
	bool dh = algorithm(p)->class == BCRYPT_AGREEMENT;
	if (generic)
		return dh ? (private ? DH_PRIVATE : DH_PUBLIC) : private ? DSA_PRIVATE : DSA_PUBLIC;
	return (dh ? 0x304b4345u : 0x30534345u) + ((DWORD)c * 2 + 1 + private) * 0x1000000u;
}

static NTSTATUS
import_rsa(struct bcrypt_pair *k, const BYTE *in, size_t n, bool private)
{
	struct rsa_blob b;
	if (n < sizeof b)
		return STATUS_INVALID_PARAMETER;
	memcpy(&b, in, sizeof b);
	if (b.magic == RSA_PUBLIC)
		b.p = b.q = 0;
	else if (b.magic != RSA_PRIVATE && b.magic != RSA_FULL)
		return STATUS_INVALID_PARAMETER;
	uint64_t need = (uint64_t)sizeof b + b.e + b.n + b.p + b.q;
	if (b.magic == RSA_FULL)
		need += (uint64_t)b.p + b.q + b.p + b.n;
	if ((b.magic != RSA_PUBLIC) != private || need > n || (private && (!b.p || !b.q)))
		return STATUS_INVALID_PARAMETER;
	in += sizeof b;
	/* what a full blob has besides is worked out again */
	if (!rsakey_set(&k->pair.key, (struct rsakey_bytes){ in, b.e },
	                (struct rsakey_bytes){ in + b.e, b.n },
	                (struct rsakey_bytes){ in + b.e + b.n, b.p },
	                (struct rsakey_bytes){ in + b.e + b.n + b.p, b.q }))
		return STATUS_INVALID_PARAMETER;
	k->bits = rsakey_bits(&k->pair.key);
	return STATUS_SUCCESS;
}

static NTSTATUS
import_curve(struct bcrypt_pair *k, const BYTE *in, size_t n, bool private)
{
	struct curve_blob b;
	if (n < sizeof b)
		return STATUS_INVALID_PARAMETER;
	memcpy(&b, in, sizeof b);
	for (int c = CURVE_P256; c < CURVE_KINDS; c++) {
		size_t size = curve_size((enum curve_kind)c);
		bool own = b.magic == curve_magic(&k->set, (enum curve_kind)c, private, false);
		bool any = b.magic == curve_magic(&k->set, (enum curve_kind)c, private, true) &&
		           k->set.curve == c;
		if ((!own && !any) || b.size != size)
			continue;
		if (k->set.curve != CURVE_KINDS && k->set.curve != c)
			return STATUS_INVALID_PARAMETER;
		if (n < sizeof b + size * (private ? 3 : 2))
			return STATUS_INVALID_PARAMETER;
		begin_curve(k, (enum curve_kind)c);
		in += sizeof b;
		static const BYTE zero[2 * CURVE_MOST];
		/* a private half may come without its point */
		bool alone = private && !memcmp(in, zero, 2 * size);
		return curve_set(&k->pair.curve, alone ? NULL : in, alone ? NULL : in + size,
		                 private ? in + 2 * size : NULL)
		               ? STATUS_SUCCESS
		               : STATUS_INVALID_PARAMETER;
	}
	return STATUS_INVALID_PARAMETER;
}

/* Which of the two a type of blob is; false: none that is known. */
static bool
blob_type(const WCHAR *type, bool rsa, const BYTE *in, ULONG n, bool *private)
{
	DWORD magic = 0;
	if (n >= 4 && in)
		memcpy(&magic, in, 4);
	if (nls_equal_ascii(type, rsa ? "RSAPUBLICBLOB" : "ECCPUBLICBLOB") ||
	    nls_equal_ascii(type, "PUBLICBLOB"))
		*private = false;
	else if (nls_equal_ascii(type, rsa ? "RSAPRIVATEBLOB" : "ECCPRIVATEBLOB") ||
	         nls_equal_ascii(type, "PRIVATEBLOB") ||
	         (rsa && nls_equal_ascii(type, "RSAFULLPRIVATEBLOB")))
		*private = true;
	else
		return false;
	return true;
}

WINAPI NTSTATUS
bcrypt_BCryptImportKeyPair(void *h, void *wrapping, const WCHAR *type, void **out, BYTE *in,
                           ULONG n, ULONG flags)
{
	enum { NO_VALIDATION = 8 };
	struct bcrypt_provider *p = bcrypt_provider(h);
	bool private;
	if (!p)
		return STATUS_INVALID_HANDLE;
	if (!is_pair(algorithm(p)))
		return STATUS_NOT_SUPPORTED;
	if (!type || !out || !in || (flags & ~(ULONG)NO_VALIDATION))
		return STATUS_INVALID_PARAMETER;
	bool rsa = algorithm(p)->kind == BCRYPT_RSA;
	if (wrapping || !blob_type(type, rsa, in, n, &private))
		return STATUS_NOT_SUPPORTED;
	struct bcrypt_pair *k = fresh(p);
	if (!k)
		return STATUS_NO_MEMORY;
	NTSTATUS s = (rsa ? import_rsa : import_curve)(k, in, n, private);
	if (s < 0) {
		bcrypt_pair_destroy(k);
		return s;
	}
	k->ready = true;
	*out = k;
	return STATUS_SUCCESS;
}

static NTSTATUS
export_rsa(const struct bcrypt_pair *k, bool private, bool full, BYTE *out, ULONG room, ULONG *size)
{
	const struct rsakey *r = &k->pair.key;
	struct rsa_blob b = { full      ? RSA_FULL
		              : private ? RSA_PRIVATE
		                        : RSA_PUBLIC,
		              k->bits,
		              (DWORD)rsakey_part_size(r, RSAKEY_E),
		              (DWORD)rsakey_size(r),
		              private ? (DWORD)rsakey_part_size(r, RSAKEY_P) : 0,
		              private ? (DWORD)rsakey_part_size(r, RSAKEY_Q) : 0 };
	const struct {
		enum rsakey_part which;
		DWORD n;
	} parts[] = { { RSAKEY_E, b.e },    { RSAKEY_N, b.n },  { RSAKEY_P, b.p },
		      { RSAKEY_Q, b.q },    { RSAKEY_DP, b.p }, { RSAKEY_DQ, b.q },
		      { RSAKEY_QINV, b.p }, { RSAKEY_D, b.n } };
	size_t count = full ? 8 : private ? 4 : 2;
	*size = sizeof b;
	for (size_t i = 0; i < count; i++)
		*size += parts[i].n;
	if (!out)
		return STATUS_SUCCESS;
	if (room < *size)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(out, &b, sizeof b);
	out += sizeof b;
	for (size_t i = 0; i < count; out += parts[i].n, i++)
		rsakey_put(r, parts[i].which, out, parts[i].n);
	return STATUS_SUCCESS;
}

static NTSTATUS
export_curve(const struct bcrypt_pair *k, bool private, BYTE *out, ULONG room, ULONG *size)
{
	size_t n = curve_size(k->pair.curve.kind);
	bool generic = algorithm(&k->set)->kind == CURVE_KINDS;
	struct curve_blob b = { curve_magic(&k->set, k->pair.curve.kind, private, generic),
		                (DWORD)n };
	*size = (ULONG)(sizeof b + n * (private ? 3 : 2));
	if (!out)
		return STATUS_SUCCESS;
	if (room < *size)
		return STATUS_BUFFER_TOO_SMALL;
	memcpy(out, &b, sizeof b);
	out += sizeof b;
	curve_get(&k->pair.curve, out, out + n, private ? out + 2 * n : NULL);
	return STATUS_SUCCESS;
}

NTSTATUS
bcrypt_pair_export(struct bcrypt_pair *k, const WCHAR *type, BYTE *out, ULONG room, ULONG *size)
{
	bool private;
	if (!k->ready)
		return STATUS_INVALID_HANDLE;
	if (!blob_type(type, k->pair.rsa, NULL, 0, &private))
		return STATUS_NOT_SUPPORTED;
	if (private && !keypair_private(&k->pair))
		return STATUS_INVALID_PARAMETER;
	return k->pair.rsa ? export_rsa(k, private, nls_equal_ascii(type, "RSAFULLPRIVATEBLOB"),
	                                out, room, size)
	                   : export_curve(k, private, out, room, size);
}

/* -- properties ----------------------------------------------------------------------------- */

static const char *const curve_names[] = { "nistP256", "nistP384", "nistP521" };

NTSTATUS
bcrypt_pair_property(struct bcrypt_provider *p, struct bcrypt_pair *k, const WCHAR *name, BYTE *out,
                     ULONG room, ULONG *size)
{
	bool rsa = algorithm(p)->kind == BCRYPT_RSA;
	DWORD v, bytes = 0;
	if (k && (k->pair.rsa ? k->ready : k->pair.begun))
		bytes = (DWORD)(k->pair.rsa ? rsakey_size(&k->pair.key)
		                            : curve_size(k->pair.curve.kind));
	if (nls_equal_ascii(name, "KeyLengths")) {
		DWORD bits = p->curve < CURVE_KINDS ? curve_bits((enum curve_kind)p->curve) : 0;
		DWORD lengths[3] = { rsa ? RSAKEY_LEAST : bits, rsa ? RSAKEY_MOST : bits,
			             rsa ? 64 : 0 };
		if (!rsa && !bits)
			return STATUS_NOT_SUPPORTED;
		return bcrypt_give(lengths, sizeof lengths, out, room, size);
	}
	if (nls_equal_ascii(name, "ECCCurveName") && p->curve < CURVE_KINDS) {
		WCHAR text[16];
		size_t n = strlen(curve_names[p->curve]) + 1;
		nls_16_of_8(curve_names[p->curve], n, text, n, NULL);
		return bcrypt_give(text, n * 2, out, room, size);
	}
	if (nls_equal_ascii(name, "PaddingSchemes") && rsa)
		v = 2 | 8 | (algorithm(p)->class == BCRYPT_ASYMMETRIC ? 1 | 4 : 0);
	else if (nls_equal_ascii(name, "KeyLength") && k)
		v = k->bits;
	else if (nls_equal_ascii(name, "KeyStrength") && k)
		/* SP 800-57 5.6.1, table 2 */
		v = !rsa             ? k->bits / 2
		    : k->bits < 2048 ? 80
		    : k->bits < 3072 ? 112
		    : k->bits < 7680 ? 128
		                     : 192;
	else if (nls_equal_ascii(name, "PublicKeyLength") && k)
		v = k->bits;
	else if (nls_equal_ascii(name, "SignatureLength") && bytes &&
	         algorithm(p)->class != BCRYPT_AGREEMENT)
		v = rsa ? bytes : 2 * bytes;
	else if (nls_equal_ascii(name, "BlockLength") && bytes && rsa)
		v = bytes;
	else
		return STATUS_NOT_SUPPORTED;
	return bcrypt_give(&v, 4, out, room, size);
}

NTSTATUS
bcrypt_pair_set(struct bcrypt_provider *p, struct bcrypt_pair *k, const WCHAR *name, const BYTE *in,
                ULONG n)
{
	WCHAR text[16] = { 0 };
	DWORD v;
	if (k && k->ready)
		return STATUS_INVALID_HANDLE;
	if (nls_equal_ascii(name, "KeyLength") && k && k->pair.rsa) {
		if (n < 4)
			return STATUS_INVALID_PARAMETER;
		memcpy(&v, in, 4);
		if (v < RSAKEY_LEAST || v > RSAKEY_MOST || v % 64)
			return STATUS_INVALID_PARAMETER;
		k->bits = v;
		return STATUS_SUCCESS;
	}
	if (!nls_equal_ascii(name, "ECCCurveName") || algorithm(p)->kind != CURVE_KINDS)
		return STATUS_NOT_SUPPORTED;
	memcpy(text, in, n < sizeof text - 2 ? n & ~1u : sizeof text - 2);
	for (int c = CURVE_P256; c < CURVE_KINDS; c++)
		if (nls_equal_ascii(text, curve_names[c])) {
			p->curve = (uint8_t)c;
			if (k)
				begin_curve(k, (enum curve_kind)c);
			return STATUS_SUCCESS;
		}
	return STATUS_NOT_SUPPORTED;
}
