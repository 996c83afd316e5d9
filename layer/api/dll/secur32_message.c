/* SPDX-License-Identifier: Apache-2.0 */
/* Schannel's records: a program's text in place between a header and a trailer.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/secur32.h"
#include "layer/api/nt/thread/steady.h"

/* bytes: the text, and then its record, of which *n is the length. */
static bool
seal(struct secur32_context *c, uint8_t *bytes, size_t room, size_t *n)
{
	steady_lock(&c->lock);
	struct buf *out = tlsconn_out(c->tls);
	size_t before = out->n;
	bool ok = tlsconn_seal(c->tls, bytes, *n) && out->n - before <= room;
	if (ok) {
		*n = out->n - before;
		memcpy(bytes, out->p + before, *n);
		out->n = before;
	}
	steady_unlock(&c->lock);
	return ok;
}

WINAPI LONG
secur32_EncryptMessage(struct SecHandle *h, ULONG quality, struct SecBufferDesc *d, ULONG number)
{
	struct secur32_context *c = secur32_context_of(h);
	struct SecBuffer *head = secur32_buffer(d, SECBUFFER_STREAM_HEADER),
	                 *text = secur32_buffer(d, SECBUFFER_DATA),
	                 *tail = secur32_buffer(d, SECBUFFER_STREAM_TRAILER);
	(void)quality, (void)number;
	if (!c)
		return SEC_E_INVALID_HANDLE;
	if (!head || !text || !tail)
		return SEC_E_INVALID_TOKEN;
	if (c->broken || !tlsconn_stands(c->tls))
		return c->broken ? c->broken : SEC_E_CONTEXT_EXPIRED;
	size_t n = text->cbBuffer, more = tlsconn_expansion(c->tls);
	if (n > tlsconn_most(c->tls))
		return SEC_E_INVALID_TOKEN;
	if (head->cbBuffer < SECUR32_HEADER)
		return SEC_E_BUFFER_TOO_SMALL;
	uint8_t *bytes = malloc(n + more);
	if (!bytes)
		return SEC_E_INSUFFICIENT_MEMORY;
	if (n)
		memcpy(bytes, text->pvBuffer, n);
	LONG s = SEC_E_OK;
	size_t whole = n;
	if (!seal(c, bytes, n + more, &whole)) {
		s = c->broken = SEC_E_INTERNAL_ERROR;
	} else if (whole - n - SECUR32_HEADER > tail->cbBuffer) {
		s = c->broken = SEC_E_BUFFER_TOO_SMALL; /* its number is used up */
	} else {
		head->cbBuffer = SECUR32_HEADER;
		tail->cbBuffer = (ULONG)(whole - n - SECUR32_HEADER);
		memcpy(head->pvBuffer, bytes, SECUR32_HEADER);
		if (n)
			memcpy(text->pvBuffer, bytes + SECUR32_HEADER, n);
		memcpy(tail->pvBuffer, bytes + SECUR32_HEADER + n, tail->cbBuffer);
	}
	free(bytes);
	return s;
}

/* -- and back ------------------------------------------------------------------------------------------- */

/* What was one buffer becomes a header, the text, a trailer, and what is behind the record. */
static void
divide(struct SecBufferDesc *d, uint8_t *p, size_t record, size_t text, size_t all)
{
	const struct SecBuffer parts[] = {
		{ TLS_HEADER, SECBUFFER_STREAM_HEADER, p },
		{ (ULONG)text, SECBUFFER_DATA, p + TLS_HEADER },
		{ (ULONG)(record - TLS_HEADER - text), SECBUFFER_STREAM_TRAILER,
		  p + TLS_HEADER + text },
		{ (ULONG)(all - record), SECBUFFER_EXTRA, p + record },
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		d->pBuffers[i] = parts[i].BufferType == SECBUFFER_EXTRA && !parts[i].cbBuffer
		                         ? (struct SecBuffer){ 0 }
		                         : parts[i];
}

static LONG
missing(struct SecBufferDesc *d, const uint8_t *p, size_t n)
{
	struct SecBuffer *b = secur32_buffer(d, SECBUFFER_EMPTY);
	if (b) {
		b->BufferType = SECBUFFER_MISSING;
		b->cbBuffer = secur32_missing(p, n);
	}
	return SEC_E_INCOMPLETE_MESSAGE;
}

static LONG
open_record(struct secur32_context *c, const uint8_t *record, size_t n, uint8_t *text, size_t *got)
{
	steady_lock(&c->lock);
	enum tlsconn_said said = tlsconn_open(c->tls, record, n, text, got);
	LONG s = secur32_status(said, tlsconn_alert(c->tls));
	steady_unlock(&c->lock);
	if (s < 0)
		c->broken = s == SEC_E_INVALID_TOKEN ? SEC_E_DECRYPT_FAILURE : s;
	return s < 0 ? c->broken : s;
}

WINAPI LONG
secur32_DecryptMessage(struct SecHandle *h, struct SecBufferDesc *d, ULONG number, ULONG *quality)
{
	struct secur32_context *c = secur32_context_of(h);
	struct SecBuffer *b = secur32_buffer(d, SECBUFFER_DATA);
	(void)number;
	if (!c)
		return SEC_E_INVALID_HANDLE;
	if (!b || d->cBuffers < 4)
		return SEC_E_INVALID_TOKEN;
	if (c->broken || !tlsconn_stands(c->tls))
		return c->broken ? c->broken : SEC_E_CONTEXT_EXPIRED;
	uint8_t *p = b->pvBuffer;
	size_t all = b->cbBuffer, n, got = 0;
	ptrdiff_t whole = tlsconn_whole(p, all);
	if (whole < 0)
		return SEC_E_INVALID_TOKEN;
	if (!whole)
		return missing(d, p, all);
	n = TLS_HEADER + ((size_t)p[3] << 8 | p[4]);
	uint8_t *bytes = malloc(2 * n);
	if (!bytes)
		return SEC_E_INSUFFICIENT_MEMORY;
	memcpy(bytes, p, n);
	LONG s = open_record(c, bytes, n, bytes + n, &got);
	if (s >= 0) {
		memcpy(p + TLS_HEADER, bytes + n, got);
		divide(d, p, n, got, all);
		if (quality)
			*quality = 0;
	}
	explicit_bzero(bytes + n, got);
	free(bytes);
	return s;
}
