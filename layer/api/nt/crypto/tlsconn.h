/* tlsconn.h -- one end of a TLS connection, without a socket: records in, records out.
 *
 * The protocol is Mbed TLS' (RFC 5246; RFC 8446 where the library has it).  Whether the other end's
 * certificates are to be trusted is not its business: they are shown to a judge before anything is
 * sent that depends on them.  One thread at a time; what is read is given whole and is not kept.
 */
#ifndef LAYER_API_NT_CRYPTO_TLSCONN_H
#define LAYER_API_NT_CRYPTO_TLSCONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { TLS_HEADER = 5, TLS_PLAIN_MOST = 16384, TLS_RECORD_MOST = TLS_HEADER + TLS_PLAIN_MOST + 2048 };
enum { TLS_CERTIFICATES = 16, TLS_UNIQUE = 12, TLS_NAME = 64 };
enum { TLS_1_0 = 0x301, TLS_1_1, TLS_1_2, TLS_1_3 };

/* Alerts (RFC 8446 6). */
enum tlsconn_alert { TLS_CLOSE_NOTIFY = 0, TLS_HANDSHAKE_FAILURE = 40, TLS_BAD_CERTIFICATE = 42, TLS_CERTIFICATE_REVOKED = 44,
		 TLS_CERTIFICATE_EXPIRED = 45, TLS_CERTIFICATE_UNKNOWN = 46, TLS_UNKNOWN_CA = 48,
		 TLS_ACCESS_DENIED = 49, TLS_DECRYPT_ERROR = 51, TLS_PROTOCOL_VERSION = 70,
		 TLS_INSUFFICIENT_SECURITY = 71, TLS_NO_PROTOCOL = 120 };

struct tlsconn;

struct tlsconn_bytes {
	const uint8_t *p;
	size_t n;
};

/* One's own certificate with what leads to its root, the end's first; and its key: PKCS#8, PKCS#1 or SEC 1. */
struct tlsconn_own {
	struct tlsconn_bytes certificate[TLS_CERTIFICATES];
	size_t n;
	struct tlsconn_bytes key;
};

/* What a client goes on from, or a server's memory of its clients. */
struct tlsconn_session;
struct tlsconn_memory;

struct tlsconn_config {
	bool server;
	uint16_t lowest, highest;               /* TLS_1_2 ...; 0: as is good */
	const char *host;                       /* of a client: whom it wants; NULL: it does not say */
	const char *alpn;                       /* names, one behind the other, ended by an empty one; or NULL */
	bool ask;                               /* of a server: for the client's certificate */
	bool supplied;                          /* of a client: without a certificate it goes on all the same */
	/* 0, or the alert that the other end gets; tlsconn_peer() knows its certificates. */
	int (*judge)(void *arg, struct tlsconn *t);
	void *arg;
	const struct tlsconn_session *session;      /* lent for the call; NULL: none */
	struct tlsconn_memory *memory;              /* lent; NULL: none */
};

/* NULL: no memory. */
struct tlsconn *tlsconn_new(const struct tlsconn_config *c);
void tlsconn_free(struct tlsconn *t);
/* Copies all.  false: no memory, or it cannot be read. */
bool tlsconn_use(struct tlsconn *t, const struct tlsconn_own *own);
void tlsconn_ask(struct tlsconn *t);                    /* config.ask, config.supplied, later */
void tlsconn_supplied(struct tlsconn *t);
void tlsconn_expect(struct tlsconn *t, const char *alpn);       /* config.alpn, later; copied */

enum tlsconn_said {
	TLS_DONE,
	TLS_MORE,       /* it needs what the other end says next */
	TLS_WANTED,     /* the server wants a certificate, and there is none */
	TLS_CLOSED,     /* the other end says that it is the end */
	TLS_AGAIN,      /* it wants to negotiate again */
	TLS_ALERT,      /* it says what is wrong: tlsconn_alert() */
	TLS_DISTRUSTED, /* the judge spoke */
	TLS_NO_ALPN,
	TLS_NO_COMMON,  /* neither version nor cipher */
	TLS_FALSE,      /* a record that was changed, or is of another key */
	TLS_BAD,        /* nothing that this protocol has */
};

/* How many of the bytes are whole records; -1: they cannot be records. */
ptrdiff_t tlsconn_whole(const uint8_t *p, size_t n);
/* Go on, with whole records.  *used: how many bytes of them were. */
enum tlsconn_said tlsconn_shake(struct tlsconn *t, const uint8_t *p, size_t n, size_t *used);
/* One record; out has room for n. */
enum tlsconn_said tlsconn_open(struct tlsconn *t, const uint8_t *record, size_t n, uint8_t *out, size_t *got);
/* At most tlsconn_most() bytes. */
bool tlsconn_seal(struct tlsconn *t, const uint8_t *p, size_t n);
bool tlsconn_say(struct tlsconn *t, bool fatal, int alert);
/* What is to be sent, since it was emptied last: the caller takes it away. */
struct buf *tlsconn_out(struct tlsconn *t);

/* -- what is known when it stands, or when the judge is asked ---------------------------------------- */

bool tlsconn_stands(const struct tlsconn *t);
size_t tlsconn_most(const struct tlsconn *t);           /* bytes of one record */
size_t tlsconn_expansion(const struct tlsconn *t);      /* what a record is longer than its text, at most */
uint16_t tlsconn_version(const struct tlsconn *t);
uint16_t tlsconn_suite(const struct tlsconn *t);        /* IANA's number */
void tlsconn_suite_name(const struct tlsconn *t, char out[TLS_NAME]);   /* and name */
unsigned tlsconn_key_bits(const struct tlsconn *t);     /* of the other end's certificate; 0: it has none */
const char *tlsconn_alpn(const struct tlsconn *t);      /* or NULL */
int tlsconn_alert(const struct tlsconn *t);
bool tlsconn_resumed(const struct tlsconn *t);
/* The other end's, its own first. */
size_t tlsconn_peer(const struct tlsconn *t, const struct tlsconn_bytes **all);
/* RFC 5929 3: the first Finished message.  false: there is none in this version. */
bool tlsconn_unique(const struct tlsconn *t, uint8_t out[TLS_UNIQUE]);

struct tlsconn_session *tlsconn_session_of(const struct tlsconn *t);        /* NULL: none that could be gone on from */
void tlsconn_session_free(struct tlsconn_session *s);
struct tlsconn_memory *tlsconn_memory_new(void);
void tlsconn_memory_free(struct tlsconn_memory *m);

#endif
