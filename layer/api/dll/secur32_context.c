/* SPDX-License-Identifier: Apache-2.0 */
/* Schannel's contexts: what two ends say until they agree, and when they part.
 *
 * A program gives what came from the network and is given what is to be sent.  Of what it gives,
 * whole records are read; what is behind them is SECBUFFER_EXTRA and comes again with the next call.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/secur32.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/thread/steady.h"

/* Flags of both ends, and of one. */
enum {
	REQ_MUTUAL_AUTH = 2,
	REQ_USE_SUPPLIED = 0x80,
	REQ_ALLOCATE = 0x100,
	ISC_EXTENDED_ERROR = 0x4000,
	ISC_STREAM = 0x8000,
	ISC_INTEGRITY = 0x10000,
	ISC_MANUAL = 0x80000,
	ASC_EXTENDED_ERROR = 0x8000,
	ASC_STREAM = 0x10000,
	ASC_INTEGRITY = 0x20000,
	RET_BOTH = 2 | 4 | 8 | 0x10, /* mutual, replay, sequence, confidentiality */
};

/* What is read at once at most: whole handshakes are less. */
enum { TAKE_MOST = 8 * TLS_RECORD_MOST, NO_ALERT = -1 };

/* What is read of a program's buffers. */
struct given {
	struct SecBuffer *token, *extra; /* extra: where what was not read is named */
	uint8_t *bytes;                  /* own: whole records */
	size_t n, all;                   /* all: what the program gave */
	char alpn[512];                  /* as tlsconn_config.alpn; "": nothing was said */
};

struct secur32_context *
secur32_context_of(const struct SecHandle *h)
{
	struct secur32_context *c = h ? (struct secur32_context *)h->dwLower : NULL;
	return c && h->dwLower != (ULONG_PTR)-1 && c->magic == SECUR32_CONTEXT ? c : NULL;
}

LONG
secur32_status(enum tlsconn_said said, int alert)
{
	static const struct {
		int alert;
		LONG status;
	} alerts[] = { { TLS_HANDSHAKE_FAILURE, SEC_E_ILLEGAL_MESSAGE },
		       { TLS_BAD_CERTIFICATE, SEC_E_CERT_UNKNOWN },
		       { TLS_CERTIFICATE_EXPIRED, SEC_E_CERT_EXPIRED },
		       { TLS_CERTIFICATE_UNKNOWN, SEC_E_CERT_UNKNOWN },
		       { TLS_UNKNOWN_CA, SEC_E_UNTRUSTED_ROOT },
		       { TLS_DECRYPT_ERROR, SEC_E_DECRYPT_FAILURE },
		       { TLS_PROTOCOL_VERSION, SEC_E_UNSUPPORTED_FUNCTION },
		       { TLS_INSUFFICIENT_SECURITY, SEC_E_ALGORITHM_MISMATCH },
		       { TLS_NO_PROTOCOL, SEC_E_APPLICATION_PROTOCOL_MISMATCH } };
	switch (said) {
	case TLS_DONE: return SEC_E_OK;
	case TLS_MORE: return SEC_I_CONTINUE_NEEDED;
	case TLS_WANTED: return SEC_I_INCOMPLETE_CREDENTIALS;
	case TLS_CLOSED: return SEC_I_CONTEXT_EXPIRED;
	case TLS_AGAIN: return SEC_I_RENEGOTIATE;
	case TLS_NO_ALPN: return SEC_E_APPLICATION_PROTOCOL_MISMATCH;
	case TLS_NO_COMMON: return SEC_E_ALGORITHM_MISMATCH;
	case TLS_FALSE: return SEC_E_MESSAGE_ALTERED;
	case TLS_ALERT:
		for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
			if (alerts[i].alert == alert)
				return alerts[i].status;
		return SEC_E_ILLEGAL_MESSAGE;
	default: return SEC_E_INVALID_TOKEN;
	}
}

/* -- what the program gives ---------------------------------------------------------------------------- */

struct SecBuffer *
secur32_buffer(const struct SecBufferDesc *d, ULONG type)
{
	enum { TYPE = 0x0fffffff }; /* the rest are attributes */
	for (ULONG i = 0; d && i < d->cBuffers; i++)
		if ((d->pBuffers[i].BufferType & TYPE) == type)
			return &d->pBuffers[i];
	return NULL;
}

ULONG
secur32_missing(const uint8_t *p, size_t n)
{
	size_t want = n < TLS_HEADER ? TLS_HEADER : TLS_HEADER + ((size_t)p[3] << 8 | p[4]);
	return (ULONG)(want - n);
}

/* SEC_APPLICATION_PROTOCOLS: lists, each with what it is for, of names behind their lengths. */
static void
read_alpn(const struct SecBuffer *b, char *out, size_t room)
{
	enum { ALPN = 2, HEAD = 6 };
	const uint8_t *p = b->pvBuffer;
	uint32_t lists, kind;
	uint16_t size;
	if (b->cbBuffer < sizeof lists)
		return;
	memcpy(&lists, p, sizeof lists);
	const uint8_t *end = p + b->cbBuffer;
	for (p += sizeof lists; end - p >= HEAD; p += size) {
		memcpy(&kind, p, sizeof kind);
		memcpy(&size, p + sizeof kind, sizeof size);
		p += HEAD;
		if (size > end - p)
			return;
		for (const uint8_t *name = p, *last = p + size; kind == ALPN && name < last;
		     name += *name + 1) {
			size_t n = *name;
			if (!n || n >= (size_t)(last - name) || n + 2 > room ||
			    memchr(name + 1, 0, n))
				return;
			memcpy(out, name + 1, n);
			out += n + 1;
			room -= n + 1;
		}
	}
}

/* false: no memory.  *s: what is to be said at once, when it is not SEC_E_OK. */
static bool
read_given(struct given *g, const struct SecBufferDesc *in, size_t skip, LONG *s)
{
	memset(g, 0, sizeof *g);
	*s = SEC_E_OK;
	const struct SecBuffer *names = secur32_buffer(in, SECBUFFER_APPLICATION_PROTOCOLS);
	if (names && names->pvBuffer)
		read_alpn(names, g->alpn, sizeof g->alpn);
	g->token = secur32_buffer(in, SECBUFFER_TOKEN);
	g->extra = secur32_buffer(in, SECBUFFER_EMPTY);
	if (!g->token || !g->token->pvBuffer || !g->token->cbBuffer)
		return true;
	const uint8_t *p = g->token->pvBuffer;
	g->all = g->token->cbBuffer;
	size_t from = skip < g->all ? skip : g->all, n = g->all - from;
	ptrdiff_t whole = tlsconn_whole(p + from, n < TAKE_MOST ? n : TAKE_MOST);
	if (whole < 0)
		*s = SEC_E_INVALID_TOKEN;
	else if (!whole && n)
		*s = SEC_E_INCOMPLETE_MESSAGE;
	if (whole <= 0)
		return true;
	g->bytes = malloc((size_t)whole);
	if (!g->bytes)
		return false;
	g->n = (size_t)whole;
	memcpy(g->bytes, p + from, g->n);
	return true;
}

/* How much is missing, or was left. */
static void
tell_rest(const struct given *g, LONG s, size_t skip, size_t used)
{
	size_t rest = g->all - (skip + used < g->all ? skip + used : g->all);
	if (!g->extra || !g->all)
		return;
	if (s == SEC_E_INCOMPLETE_MESSAGE) {
		g->extra->BufferType = SECBUFFER_MISSING;
		g->extra->cbBuffer =
		        secur32_missing((const uint8_t *)g->token->pvBuffer + skip, rest);
	} else if (rest && (s == SEC_E_OK || s == SEC_I_CONTINUE_NEEDED)) {
		g->extra->BufferType = SECBUFFER_EXTRA;
		g->extra->cbBuffer = (ULONG)rest;
		g->extra->pvBuffer = (uint8_t *)g->token->pvBuffer + g->all - rest;
	}
}

/* -- what it is given ------------------------------------------------------------------------------------ */

/* What is to be sent goes to the program, in its memory or in ours. */
static LONG
give(struct secur32_context *c, struct SecBufferDesc *out)
{
	struct SecBuffer *b = secur32_buffer(out, SECBUFFER_TOKEN);
	struct buf bytes;
	if (!b) /* some leave it to us what it will be */
		b = secur32_buffer(out, SECBUFFER_EMPTY);
	steady_lock(&c->lock);
	struct buf *from = tlsconn_out(c->tls);
	bool fits = !from->n ||
	            (b && (c->flags & REQ_ALLOCATE || (b->pvBuffer && from->n <= b->cbBuffer)));
	bytes = *from;
	if (fits)
		*from = (struct buf){ 0 };
	steady_unlock(&c->lock);
	if (!fits)
		return b ? SEC_E_BUFFER_TOO_SMALL : SEC_E_INVALID_TOKEN;
	if (!b)
		return SEC_E_OK;
	b->BufferType = SECBUFFER_TOKEN;
	b->cbBuffer = (ULONG)bytes.n;
	if (c->flags & REQ_ALLOCATE) {
		b->pvBuffer = bytes.p; /* free() is FreeContextBuffer()'s */
		return SEC_E_OK;
	}
	if (bytes.n)
		memcpy(b->pvBuffer, bytes.p, bytes.n);
	buf_free(&bytes);
	return SEC_E_OK;
}

static ULONG
attributes(const struct secur32_context *c)
{
	ULONG f = c->flags & (RET_BOTH | REQ_ALLOCATE);
	return c->credential->server
	               ? f | (c->flags & (ASC_EXTENDED_ERROR | ASC_INTEGRITY)) | ASC_STREAM
	               : f |
	                         (c->flags & (REQ_USE_SUPPLIED | ISC_EXTENDED_ERROR |
	                                      ISC_INTEGRITY | ISC_MANUAL)) |
	                         ISC_STREAM;
}

/* -- agreeing ---------------------------------------------------------------------------------------------- */

static int
judge(void *arg, struct tlsconn *t)
{
	struct secur32_context *c = arg;
	const struct tlsconn_bytes *all;
	if (!c->judged || (c->credential->server && !tlsconn_peer(t, &all)))
		return 0;
	return secur32_judge(t, !c->credential->server,
	                     c->credential->flags & SCH_NO_SERVERNAME_CHECK ? NULL : c->target,
	                     c->credential->roots, &c->broken);
}

/* A client's sessions are known by their host, a server's by its memory. */
static void
keep_session(struct secur32_context *c)
{
	if (c->credential->server || !c->target || c->credential->flags & SCH_DISABLE_RECONNECTS)
		return;
	char *host = utf_narrow(c->target);
	if (host)
		secur32_session_keep(c->credential, host, c->judged, tlsconn_session_of(c->tls));
	free(host);
}

/* Under the lock. */
static LONG
go_on(struct secur32_context *c, const struct given *g, size_t *used)
{
	*used = 0;
	if (c->alert != NO_ALERT || c->shut) {
		tlsconn_say(c->tls, c->alert > 0,
		            c->alert == NO_ALERT ? TLS_CLOSE_NOTIFY : c->alert);
		c->alert = NO_ALERT;
		c->shut = false;
		return SEC_E_OK;
	}
	if (tlsconn_stands(c->tls)) /* what was answered to a wish to negotiate again is sent */
		return SEC_E_OK;
	if (*g->alpn)
		tlsconn_expect(c->tls, g->alpn);
	enum tlsconn_said said = tlsconn_shake(c->tls, g->bytes, g->n, used);
	if (said == TLS_DISTRUSTED)
		return c->broken;
	LONG s = secur32_status(said, tlsconn_alert(c->tls));
	if (s < 0)
		c->broken = s;
	if (said == TLS_DONE)
		keep_session(c);
	return s;
}

static LONG
shake(struct secur32_context *c, const struct SecBufferDesc *in, struct SecBufferDesc *out,
      ULONG *attr)
{
	struct given g;
	size_t used = 0, skip = c->skip;
	LONG s;
	if (c->broken)
		return c->broken;
	if (!read_given(&g, in, skip, &s))
		return SEC_E_INSUFFICIENT_MEMORY;
	if (s == SEC_E_OK || c->shut || c->alert != NO_ALERT) {
		steady_lock(&c->lock);
		s = go_on(c, &g, &used);
		steady_unlock(&c->lock);
	}
	free(g.bytes);
	tell_rest(&g, s, skip, used);
	c->skip = s == SEC_I_INCOMPLETE_CREDENTIALS ? skip + used : 0;
	bool wanted = c->flags & (c->credential->server ? ASC_EXTENDED_ERROR : ISC_EXTENDED_ERROR);
	if (s >= 0 || (s != SEC_E_INCOMPLETE_MESSAGE && wanted)) {
		LONG given = give(c, out);
		if (given != SEC_E_OK && s >= 0) {
			c->skip = skip + used; /* it will come again, with more room */
			s = given;
		}
	}
	if (attr)
		*attr = attributes(c);
	return s;
}

static void
context_free(struct secur32_context *c)
{
	c->magic = 0;
	tlsconn_free(c->tls);
	free(c->target);
	secur32_credential_unref(c->credential);
	free(c);
}

static struct secur32_context *
context_new(struct secur32_credential *cred, const WCHAR *target, ULONG flags)
{
	struct secur32_context *c = calloc(1, sizeof *c);
	char *host = target ? utf_narrow(target) : NULL;
	if (!c)
		goto out;
	c->magic = SECUR32_CONTEXT;
	c->credential = secur32_credential_ref(cred);
	c->flags = flags;
	c->alert = NO_ALERT;
	c->judged =
	        !(cred->flags & SCH_MANUAL_VALIDATION) && (cred->server || !(flags & ISC_MANUAL));
	struct tlsconn_session *before =
	        host && !cred->server ? secur32_session_take(cred, host, c->judged) : NULL;
	c->target = target ? utf_copy(target, utf_length(target)) : NULL;
	bool ask = cred->server && flags & REQ_MUTUAL_AUTH;
	const struct tlsconn_config config = {
		.server = cred->server,
		.lowest = cred->lowest,
		.highest = cred->highest,
		.host = host,
		.ask = ask,
		.supplied = !cred->server && flags & REQ_USE_SUPPLIED,
		.judge = judge,
		.arg = c,
		.session = before,
		.memory = ask ? NULL
		              : cred->memory, /* who must show a certificate does so each time */
	};
	c->tls = tlsconn_new(&config);
	tlsconn_session_free(before);
	if (!c->tls || (target && !c->target) || !tlsconn_use(c->tls, &cred->own)) {
		context_free(c);
		c = NULL;
	}
out:
	free(host);
	return c;
}

/* A client may come with another credential, once the server wants a certificate. */
static void
use_other(struct secur32_context *c, struct secur32_credential *cred, ULONG flags)
{
	if (cred && cred != c->credential && cred->server == c->credential->server) {
		struct secur32_credential *old = c->credential;
		steady_lock(&c->lock);
		tlsconn_use(c->tls, &cred->own);
		c->credential = secur32_credential_ref(cred);
		steady_unlock(&c->lock);
		secur32_credential_unref(old);
	}
	if (!c->credential->server && flags & REQ_USE_SUPPLIED)
		tlsconn_supplied(c->tls);
	c->flags = flags;
}

/* Both ends: the first call makes the context, all others go on with it. */
static LONG
step(struct SecHandle *credential, struct SecHandle *old, bool server, const WCHAR *target,
     ULONG flags, const struct SecBufferDesc *in, struct SecHandle *new, struct SecBufferDesc *out,
     ULONG *attr, LONGLONG *expires)
{
	struct secur32_credential *cred = secur32_credential_of(credential);
	struct secur32_context *c = secur32_context_of(old);
	if (old && (old->dwLower || old->dwUpper) && !c)
		return SEC_E_INVALID_HANDLE;
	if ((!c && !cred) || (cred && cred->server != server) ||
	    (c && c->credential->server != server))
		return SEC_E_INVALID_HANDLE;
	bool fresh = !c;
	if (fresh && !new)
		return SEC_E_INVALID_HANDLE;
	if (fresh && !(c = context_new(cred, target, flags)))
		return SEC_E_INSUFFICIENT_MEMORY;
	if (!fresh)
		use_other(c, cred, flags);
	LONG s = shake(c, in, out, attr);
	if (fresh && s < 0) { /* there is no context then, also when more was to come */
		context_free(c);
		return s;
	}
	if (new)
		*new = (struct SecHandle){ (ULONG_PTR)c, 0 };
	if (expires)
		*expires = INT64_MAX;
	return s;
}

WINAPI LONG
secur32_InitializeSecurityContextW(struct SecHandle *credential, struct SecHandle *old,
                                   const WCHAR *target, ULONG flags, ULONG reserved,
                                   ULONG byte_order, const struct SecBufferDesc *in,
                                   ULONG reserved2, struct SecHandle *new,
                                   struct SecBufferDesc *out, ULONG *attr, LONGLONG *expires)
{
	(void)reserved, (void)byte_order, (void)reserved2;
	return step(credential, old, false, target, flags, in, new, out, attr, expires);
}

WINAPI LONG
secur32_InitializeSecurityContextA(struct SecHandle *credential, struct SecHandle *old,
                                   const char *target, ULONG flags, ULONG reserved,
                                   ULONG byte_order, const struct SecBufferDesc *in,
                                   ULONG reserved2, struct SecHandle *new,
                                   struct SecBufferDesc *out, ULONG *attr, LONGLONG *expires)
{
	WCHAR *w = target ? utf_wide(target) : NULL;
	if (target && !w)
		return SEC_E_INSUFFICIENT_MEMORY;
	LONG s = secur32_InitializeSecurityContextW(credential, old, w, flags, reserved, byte_order,
	                                            in, reserved2, new, out, attr, expires);
	free(w);
	return s;
}

WINAPI LONG
secur32_AcceptSecurityContext(struct SecHandle *credential, struct SecHandle *old,
                              const struct SecBufferDesc *in, ULONG flags, ULONG byte_order,
                              struct SecHandle *new, struct SecBufferDesc *out, ULONG *attr,
                              LONGLONG *expires)
{
	(void)byte_order;
	return step(credential, old, true, NULL, flags, in, new, out, attr, expires);
}

/* -- the end --------------------------------------------------------------------------------------------- */

/* SCHANNEL_ALERT_TOKEN and its like: what the next call shall say. */
WINAPI LONG
secur32_ApplyControlToken(struct SecHandle *h, const struct SecBufferDesc *in)
{
	enum { RENEGOTIATE, SHUTDOWN, ALERT, SESSION, FATAL = 2, DISABLE_RECONNECTS = 2 };
	struct secur32_context *c = secur32_context_of(h);
	const struct SecBuffer *b = secur32_buffer(in, SECBUFFER_TOKEN);
	DWORD word[3] = { 0 };
	if (!c)
		return SEC_E_INVALID_HANDLE;
	if (!b || b->cbBuffer < sizeof *word || !b->pvBuffer)
		return SEC_E_INVALID_TOKEN;
	memcpy(word, b->pvBuffer, b->cbBuffer < sizeof word ? b->cbBuffer : sizeof word);
	switch (word[0]) {
	case SHUTDOWN: c->shut = true; return SEC_E_OK;
	case ALERT:
		if (b->cbBuffer < sizeof word || word[2] > 255)
			return SEC_E_INVALID_TOKEN;
		c->alert = (int)word[2];
		return SEC_E_OK;
	case SESSION: return SEC_E_OK; /* each is known by its credential and its host only */
	default: return SEC_E_UNSUPPORTED_FUNCTION;
	}
}

WINAPI LONG
secur32_DeleteSecurityContext(struct SecHandle *h)
{
	struct secur32_context *c = secur32_context_of(h);
	if (!c)
		return SEC_E_INVALID_HANDLE;
	h->dwLower = h->dwUpper = 0;
	context_free(c);
	return SEC_E_OK;
}

WINAPI LONG
secur32_CompleteAuthToken(struct SecHandle *h, const struct SecBufferDesc *token)
{
	(void)token;
	return secur32_context_of(h) ? SEC_E_UNSUPPORTED_FUNCTION : SEC_E_INVALID_HANDLE;
}
