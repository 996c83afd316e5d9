/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/tlsconn.h"

#include <arpa/inet.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/host.h"

#ifndef MBEDTLS_PRIVATE
#define MBEDTLS_PRIVATE(member) member
#endif

enum { ALPN_MOST = 16, ALPN_BYTES = 512 };

struct peer {
	struct tlsconn_bytes all[TLS_CERTIFICATES]; /* own */
	size_t n;
};

struct tlsconn {
	mbedtls_ssl_config config;
	mbedtls_ssl_context ssl;
	mbedtls_x509_crt own;
	mbedtls_pk_context key;
	bool has_own, supplied, server, resumed, stands, shown;
	bool first_known; /* whose Finished message is the first one */
	bool first_is_own;
	int alert;
	int (*judge)(void *, struct tlsconn *);
	void *arg;
	const char *alpn[ALPN_MOST + 1];
	char names[ALPN_BYTES];
	struct peer peer;
	const uint8_t *in, *end; /* lent, for a call */
	struct buf out;
};

struct tlsconn_session {
	mbedtls_ssl_session session;
	struct peer peer;
};

struct tlsconn_memory {
	mbedtls_ssl_cache_context cache;
};

/* As Windows has them: with forward secrecy and authentication first. */
static const int suites[] = {
#ifdef MBEDTLS_TLS1_3_AES_256_GCM_SHA384
	MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
	MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
	MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
#endif
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	MBEDTLS_TLS_DHE_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_DHE_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA,
	MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
	MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
	MBEDTLS_TLS_RSA_WITH_AES_256_GCM_SHA384,
	MBEDTLS_TLS_RSA_WITH_AES_128_GCM_SHA256,
	MBEDTLS_TLS_RSA_WITH_AES_256_CBC_SHA256,
	MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA256,
	MBEDTLS_TLS_RSA_WITH_AES_256_CBC_SHA,
	MBEDTLS_TLS_RSA_WITH_AES_128_CBC_SHA,
	0,
};

#if MBEDTLS_VERSION_MAJOR < 3
static const mbedtls_ecp_group_id curves[] = { MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
	                                       MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1,
	                                       MBEDTLS_ECP_DP_NONE };
#endif

static int
draw(void *arg, unsigned char *out, size_t n)
{
	(void)arg;
	host_random(out, n);
	return 0;
}

/* -- what goes in and out ------------------------------------------------------------------------- */

static int
send_out(void *arg, const unsigned char *p, size_t n)
{
	struct tlsconn *t = arg;
	buf_put(&t->out, p, n);
	return (int)n;
}

static int
take_in(void *arg, unsigned char *p, size_t n)
{
	struct tlsconn *t = arg;
	size_t have = (size_t)(t->end - t->in);
	if (!have)
		return MBEDTLS_ERR_SSL_WANT_READ;
	if (n > have)
		n = have;
	memcpy(p, t->in, n);
	t->in += n;
	return (int)n;
}

ptrdiff_t
tlsconn_whole(const uint8_t *p, size_t n)
{
	enum { CHANGE_CIPHER_SPEC = 20, APPLICATION_DATA = 23, VERSION = 3 };
	size_t at = 0;
	while (n - at >= TLS_HEADER) {
		size_t length = (size_t)p[at + 3] << 8 | p[at + 4];
		if (p[at] < CHANGE_CIPHER_SPEC || p[at] > APPLICATION_DATA ||
		    p[at + 1] != VERSION || length > TLS_RECORD_MOST - TLS_HEADER)
			return at ? (ptrdiff_t)at : -1;
		if (n - at - TLS_HEADER < length)
			break;
		at += TLS_HEADER + length;
	}
	return (ptrdiff_t)at;
}

/* -- the other end's certificates -------------------------------------------------------------------- */

static void
peer_free(struct peer *p)
{
	for (size_t i = 0; i < p->n; i++)
		free((void *)p->all[i].p);
	p->n = 0;
}

static bool
peer_add(struct peer *p, const uint8_t *bytes, size_t n)
{
	if (p->n == TLS_CERTIFICATES)
		return true; /* more than anybody has: what leads to a root is among the first */
	uint8_t *copy = malloc(n);
	if (!copy)
		return false;
	memcpy(copy, bytes, n);
	p->all[p->n++] = (struct tlsconn_bytes){ copy, n };
	return true;
}

static bool
peer_copy(struct peer *to, const struct peer *from)
{
	for (size_t i = 0; i < from->n; i++)
		if (!peer_add(to, from->all[i].p, from->all[i].n))
			return false;
	return true;
}

/* Certificates are there as soon as their message was read.  0, or the alert. */
static int
show(struct tlsconn *t)
{
	enum { INTERNAL_ERROR = 80 };
	const mbedtls_ssl_session *s = t->ssl.MBEDTLS_PRIVATE(session_negotiate);
	const mbedtls_x509_crt *c = s ? s->MBEDTLS_PRIVATE(peer_cert) : NULL;
	t->shown = true;
	for (; c; c = c->next)
		if (c->raw.len && !peer_add(&t->peer, c->raw.p, c->raw.len))
			return INTERNAL_ERROR;
	return t->judge ? t->judge(t->arg, t) : 0;
}

size_t
tlsconn_peer(const struct tlsconn *t, const struct tlsconn_bytes **all)
{
	*all = t->peer.all;
	return t->peer.n;
}

/* -- its life --------------------------------------------------------------------------------------- */

static bool
is_address(const char *name)
{
	struct in6_addr a;
	return inet_pton(AF_INET, name, &a) == 1 || inet_pton(AF_INET6, name, &a) == 1;
}

void
tlsconn_expect(struct tlsconn *t, const char *alpn)
{
	size_t n = 0, room = sizeof t->names, k;
	char *to = t->names;
	for (; *alpn && n < ALPN_MOST && (k = strlen(alpn) + 1) <= room; alpn += k) {
		t->alpn[n++] = memcpy(to, alpn, k);
		to += k;
		room -= k;
	}
	t->alpn[n] = NULL;
	if (n)
		mbedtls_ssl_conf_alpn_protocols(&t->config, t->alpn);
}

void
tlsconn_ask(struct tlsconn *t)
{
	mbedtls_ssl_conf_authmode(&t->config, MBEDTLS_SSL_VERIFY_OPTIONAL);
}

void
tlsconn_supplied(struct tlsconn *t)
{
	t->supplied = true;
}

static void
versions(struct tlsconn *t, uint16_t lowest, uint16_t highest)
{
#if MBEDTLS_VERSION_MAJOR >= 3
	uint16_t high = highest && highest < TLS_1_3 ? TLS_1_2 : TLS_1_3;
	mbedtls_ssl_conf_min_tls_version(&t->config, lowest == TLS_1_3
	                                                     ? MBEDTLS_SSL_VERSION_TLS1_3
	                                                     : MBEDTLS_SSL_VERSION_TLS1_2);
	mbedtls_ssl_conf_max_tls_version(&t->config, high == TLS_1_3 ? MBEDTLS_SSL_VERSION_TLS1_3
	                                                             : MBEDTLS_SSL_VERSION_TLS1_2);
#else
	uint16_t high = highest && highest < TLS_1_2 ? highest : TLS_1_2;
	uint16_t low = lowest && lowest < high ? lowest : high;
	mbedtls_ssl_conf_min_version(&t->config, MBEDTLS_SSL_MAJOR_VERSION_3, low & 0xff);
	mbedtls_ssl_conf_max_version(&t->config, MBEDTLS_SSL_MAJOR_VERSION_3, high & 0xff);
#endif
}

static bool
configure(struct tlsconn *t, const struct tlsconn_config *c)
{
	mbedtls_ssl_config *conf = &t->config;
#if MBEDTLS_VERSION_MAJOR >= 3
	if (psa_crypto_init()) /* its version 1.3 wants it, as often as one likes */
		return false;
#endif
	if (mbedtls_ssl_config_defaults(conf,
	                                c->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
	                                MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT))
		return false;
	versions(t, c->lowest, c->highest);
	mbedtls_ssl_conf_rng(conf, draw, NULL);
	mbedtls_ssl_conf_ciphersuites(conf, suites);
#if MBEDTLS_VERSION_MAJOR < 3
	mbedtls_ssl_conf_curves(conf, curves);
#endif
	/* who they are is judged by ours; keys and signatures are looked at all the same */
	mbedtls_ssl_conf_authmode(conf,
	                          c->ask ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_NONE);
	if (c->alpn)
		tlsconn_expect(t, c->alpn);
	if (c->memory)
		mbedtls_ssl_conf_session_cache(conf, &c->memory->cache, mbedtls_ssl_cache_get,
		                               mbedtls_ssl_cache_set);
	return true;
}

struct tlsconn *
tlsconn_new(const struct tlsconn_config *c)
{
	struct tlsconn *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	mbedtls_ssl_config_init(&t->config);
	mbedtls_ssl_init(&t->ssl);
	mbedtls_x509_crt_init(&t->own);
	mbedtls_pk_init(&t->key);
	t->server = c->server;
	t->supplied = c->supplied;
	t->judge = c->judge;
	t->arg = c->arg;
	bool ok = configure(t, c) && !mbedtls_ssl_setup(&t->ssl, &t->config);
	if (ok && !c->server && c->host && *c->host && !is_address(c->host))
		ok = !mbedtls_ssl_set_hostname(&t->ssl, c->host);
	if (ok && c->session)
		ok = !mbedtls_ssl_set_session(&t->ssl, &c->session->session) &&
		     peer_copy(&t->peer, &c->session->peer);
	if (!ok) {
		tlsconn_free(t);
		return NULL;
	}
	mbedtls_ssl_set_bio(&t->ssl, t, send_out, take_in, NULL);
	return t;
}

void
tlsconn_free(struct tlsconn *t)
{
	if (!t)
		return;
	mbedtls_ssl_free(&t->ssl);
	mbedtls_ssl_config_free(&t->config);
	mbedtls_x509_crt_free(&t->own);
	mbedtls_pk_free(&t->key);
	peer_free(&t->peer);
	buf_free(&t->out);
	free(t);
}

bool
tlsconn_use(struct tlsconn *t, const struct tlsconn_own *own)
{
	if (t->has_own || !own->n)
		return !own->n;
	for (size_t i = 0; i < own->n; i++)
		if (mbedtls_x509_crt_parse_der(&t->own, own->certificate[i].p,
		                               own->certificate[i].n))
			return false;
#if MBEDTLS_VERSION_MAJOR >= 3
	if (mbedtls_pk_parse_key(&t->key, own->key.p, own->key.n, NULL, 0, draw, NULL))
		return false;
#else
	if (mbedtls_pk_parse_key(&t->key, own->key.p, own->key.n, NULL, 0))
		return false;
#endif
	t->has_own = !mbedtls_ssl_conf_own_cert(&t->config, &t->own, &t->key);
	return t->has_own;
}

/* -- negotiating -------------------------------------------------------------------------------------- */

/* What an error of the library is here. */
static enum tlsconn_said
said(struct tlsconn *t, int e)
{
	switch (e) {
	case 0: return TLS_DONE;
	case MBEDTLS_ERR_SSL_WANT_READ: return TLS_MORE;
	case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY: return TLS_CLOSED;
	case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE:
		t->alert = t->ssl.MBEDTLS_PRIVATE(in_msg)[1];
		return TLS_ALERT;
	case MBEDTLS_ERR_SSL_INVALID_MAC: return TLS_FALSE;
#if MBEDTLS_VERSION_MAJOR >= 3
	case MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL: return TLS_NO_ALPN;
	case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION: return TLS_NO_COMMON;
#else
	case MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN:
	case MBEDTLS_ERR_SSL_NO_USABLE_CIPHERSUITE:
	case MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION: return TLS_NO_COMMON;
	case MBEDTLS_ERR_SSL_BAD_HS_CLIENT_HELLO:
		return t->alpn[0] && !mbedtls_ssl_get_alpn_protocol(&t->ssl) && t->server
		               ? TLS_NO_ALPN
		               : TLS_BAD;
#endif
	default: return TLS_BAD;
	}
}

/* The state that a certificate of the other end is read in. */
static bool
is_certificate(const struct tlsconn *t, int state)
{
	return state ==
	       (t->server ? MBEDTLS_SSL_CLIENT_CERTIFICATE : MBEDTLS_SSL_SERVER_CERTIFICATE);
}

/* Whose Finished message comes first: the client's, unless the server goes on from what was. */
static void
note_first(struct tlsconn *t, int state)
{
	if (t->first_known ||
	    (state != MBEDTLS_SSL_CLIENT_FINISHED && state != MBEDTLS_SSL_SERVER_FINISHED))
		return;
	t->first_known = true;
	t->first_is_own = t->server == (state == MBEDTLS_SSL_SERVER_FINISHED);
	t->resumed = state == MBEDTLS_SSL_SERVER_FINISHED;
}

/* Did the server ask for a certificate?  Version 3 of the library does not tell: none is sent then. */
static bool
is_asked(const struct tlsconn *t)
{
#if MBEDTLS_VERSION_MAJOR >= 3
	(void)t;
	return false;
#else
	return t->ssl.client_auth;
#endif
}

/* One step of it.  The judge is asked when a certificate was read, and nothing was sent since. */
static enum tlsconn_said
step(struct tlsconn *t)
{
	int was = t->ssl.MBEDTLS_PRIVATE(state);
	if (!t->server && was == MBEDTLS_SSL_CLIENT_CERTIFICATE && is_asked(t) && !t->has_own &&
	    !t->supplied)
		return TLS_WANTED;
	if (was == MBEDTLS_SSL_SERVER_CERTIFICATE && !t->server && !t->shown)
		peer_free(&t->peer); /* of a session that the server does not go on from */
	note_first(t, was);
	int e = mbedtls_ssl_handshake_step(&t->ssl);
	int is = t->ssl.MBEDTLS_PRIVATE(state);
	if (!e && !t->shown && is != was && is_certificate(t, was)) {
		int alert = show(t);
		if (alert) {
			tlsconn_say(t, true, alert);
			return TLS_DISTRUSTED;
		}
	}
	return said(t, e);
}

enum tlsconn_said
tlsconn_shake(struct tlsconn *t, const uint8_t *p, size_t n, size_t *used)
{
	enum tlsconn_said s = TLS_DONE;
	t->in = p;
	t->end = n ? p + n : p;
	while (s == TLS_DONE && t->ssl.MBEDTLS_PRIVATE(state) != MBEDTLS_SSL_HANDSHAKE_OVER)
		s = step(t);
	t->stands = s == TLS_DONE;
	*used = (size_t)(t->in - p);
	t->in = t->end = NULL;
	return s;
}

/* -- records ------------------------------------------------------------------------------------------- */

enum tlsconn_said
tlsconn_open(struct tlsconn *t, const uint8_t *record, size_t n, uint8_t *out, size_t *got)
{
	t->in = record;
	t->end = record + n;
	*got = 0;
	size_t before = t->out.n;
	int e = n ? mbedtls_ssl_read(&t->ssl, out, n) : 0;
	t->in = t->end = NULL;
	if (e >= 0) {
		*got = (size_t)e;
		return TLS_DONE;
	}
#if MBEDTLS_VERSION_MAJOR >= 3
	if (e == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
		return TLS_DONE;
#endif
	/* it answered that it does not want to: its answer is still to be sent */
	if (e == MBEDTLS_ERR_SSL_WANT_READ)
		return t->out.n > before ? TLS_AGAIN : TLS_DONE;
	return said(t, e);
}

bool
tlsconn_seal(struct tlsconn *t, const uint8_t *p, size_t n)
{
	return n <= tlsconn_most(t) && mbedtls_ssl_write(&t->ssl, p, n) == (int)n;
}

bool
tlsconn_say(struct tlsconn *t, bool fatal, int alert)
{
	return !mbedtls_ssl_send_alert_message(
	        &t->ssl, fatal ? MBEDTLS_SSL_ALERT_LEVEL_FATAL : MBEDTLS_SSL_ALERT_LEVEL_WARNING,
	        (unsigned char)alert);
}

struct buf *
tlsconn_out(struct tlsconn *t)
{
	return &t->out;
}

/* -- what is known -------------------------------------------------------------------------------------- */

bool
tlsconn_stands(const struct tlsconn *t)
{
	return t->stands;
}

size_t
tlsconn_most(const struct tlsconn *t)
{
	int n = mbedtls_ssl_get_max_out_record_payload(&t->ssl);
	return n > 0 && n < TLS_PLAIN_MOST ? (size_t)n : TLS_PLAIN_MOST;
}

size_t
tlsconn_expansion(const struct tlsconn *t)
{
	int n = mbedtls_ssl_get_record_expansion(&t->ssl);
	/* version 1.0 makes two records of one, so that nobody knows what the second begins with */
	return n > 0 ? (size_t)n * (tlsconn_version(t) == TLS_1_0 ? 2 : 1)
	             : TLS_RECORD_MOST - TLS_PLAIN_MOST;
}

uint16_t
tlsconn_version(const struct tlsconn *t)
{
	static const char *const names[] = { "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3" };
	const char *name = mbedtls_ssl_get_version(&t->ssl);
	for (uint16_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return TLS_1_0 + i;
	return 0;
}

uint16_t
tlsconn_suite(const struct tlsconn *t)
{
	const char *name = mbedtls_ssl_get_ciphersuite(&t->ssl);
	return name ? (uint16_t)mbedtls_ssl_get_ciphersuite_id(name) : 0;
}

void
tlsconn_suite_name(const struct tlsconn *t, char out[TLS_NAME])
{
	const char *name = mbedtls_ssl_get_ciphersuite(&t->ssl);
	size_t n = 0;
	for (; name && name[n] && n < TLS_NAME - 1; n++)
		out[n] = name[n] == '-' ? '_' : name[n];
	out[n] = 0;
}

unsigned
tlsconn_key_bits(const struct tlsconn *t)
{
	const mbedtls_x509_crt *c = mbedtls_ssl_get_peer_cert(&t->ssl);
	return c ? (unsigned)mbedtls_pk_get_bitlen(&c->pk) : 0;
}

const char *
tlsconn_alpn(const struct tlsconn *t)
{
	return mbedtls_ssl_get_alpn_protocol(&t->ssl);
}

int
tlsconn_alert(const struct tlsconn *t)
{
	return t->alert;
}

bool
tlsconn_resumed(const struct tlsconn *t)
{
	return t->resumed;
}

bool
tlsconn_unique(const struct tlsconn *t, uint8_t out[TLS_UNIQUE])
{
	if (!t->stands || tlsconn_version(t) > TLS_1_2 ||
	    t->ssl.MBEDTLS_PRIVATE(verify_data_len) != TLS_UNIQUE)
		return false;
	memcpy(out,
	       t->first_is_own ? t->ssl.MBEDTLS_PRIVATE(own_verify_data)
	                       : t->ssl.MBEDTLS_PRIVATE(peer_verify_data),
	       TLS_UNIQUE);
	return true;
}

/* -- going on from what was ------------------------------------------------------------------------------ */

struct tlsconn_session *
tlsconn_session_of(const struct tlsconn *t)
{
	struct tlsconn_session *s = t->stands ? calloc(1, sizeof *s) : NULL;
	if (!s)
		return NULL;
	mbedtls_ssl_session_init(&s->session);
	if (!mbedtls_ssl_get_session(&t->ssl, &s->session) && peer_copy(&s->peer, &t->peer))
		return s;
	tlsconn_session_free(s);
	return NULL;
}

void
tlsconn_session_free(struct tlsconn_session *s)
{
	if (!s)
		return;
	mbedtls_ssl_session_free(&s->session);
	peer_free(&s->peer);
	free(s);
}

struct tlsconn_memory *
tlsconn_memory_new(void)
{
	struct tlsconn_memory *m = calloc(1, sizeof *m);
	if (m)
		mbedtls_ssl_cache_init(&m->cache);
	return m;
}

void
tlsconn_memory_free(struct tlsconn_memory *m)
{
	if (!m)
		return;
	mbedtls_ssl_cache_free(&m->cache);
	free(m);
}
