/* x509.h -- certificates: what is in one, who signed it, and for which names it is.
 *
 * RFC 5280.  Everything points into the encoded bytes, which the caller keeps; nothing is believed
 * of them but their lengths, which are checked before they are used.
 */
#ifndef LAYER_API_NT_CRYPTO_X509_H
#define LAYER_API_NT_CRYPTO_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct x509_span {
	const uint8_t *p;
	size_t n;
};

/* An encoding rule's element: a tag, and what is behind its length. */
struct x509_element {
	uint8_t tag;
	struct x509_span whole, in;
};
bool x509_next(struct x509_span *from, struct x509_element *out);       /* false: no more, or bad */
bool x509_take(struct x509_span *from, uint8_t tag, struct x509_element *out);  /* one of this tag */
bool x509_same(struct x509_span a, struct x509_span b);

enum { X509_EXTENSIONS = 64 };
enum x509_known { X509_BASIC, X509_USAGE, X509_ENHANCED, X509_NAMES, X509_CONSTRAINTS, X509_SUBJECT_KEY,
	          X509_ISSUER_KEY, X509_KNOWN };

struct x509 {
	int version;                            /* 0 is version 1 */
	struct x509_span raw, signed_part, serial;
	struct x509_span algorithm, algorithm_more, signature;  /* an OID, its parameters */
	struct x509_span issuer, subject, issuer_id, subject_id;
	int64_t from, until;                    /* 100 ns since 1601 */
	struct x509_span key_all, key_algorithm, key_more, key; /* key: without the unused bits */
	size_t n;
	struct x509_extension {
		struct x509_span oid, value;
		bool critical;
	} extension[X509_EXTENSIONS];
	struct x509_span known[X509_KNOWN];     /* values; p NULL: it has none */
	bool ca, unknown_critical;
	int path_most;                          /* -1: no limit */
	uint16_t usage;                         /* bits as in RFC 5280, the first is 0x8000 */
};
enum { X509_MAY_SIGN = 0x8000 >> 5 };

bool x509_read(struct x509 *x, const uint8_t *p, size_t n);
/* Is it this key's signature of a text, by an algorithm (an OID, its parameters) whose hash is good for that? */
struct keypair;
bool x509_signature_good(const struct keypair *k, struct x509_span oid, struct x509_span more, struct x509_span text,
                 struct x509_span signature);
/* Did this issuer's key sign it?  By hashes that are good for that. */
bool x509_signed_by(const struct x509 *x, const struct x509 *issuer);
/* oid: as text.  Without a list of usages it is good for all. */
bool x509_good_for(const struct x509 *x, const char *oid);
/* The name of a server, or its address in numbers. */
bool x509_for_host(const struct x509 *x, const char *host);
/* Do the constraints of one who issued, directly or not, allow the names of the other? */
bool x509_allows(const struct x509 *ca, const struct x509 *x);
/* Text of an OID, with its zero; the bytes that it needs. */
size_t x509_oid_text(struct x509_span oid, char *out, size_t room);
/* UTCTime or GeneralizedTime: 100 ns since 1601. */
bool x509_time(struct x509_span *from, int64_t *out);
bool x509_oid_is(struct x509_span oid, const char *text);

#endif
