/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c -- what the other end of a connection says first: to a client (an even first byte) or to a
 * server, before there are keys.  Certificates that came are read as a judge would. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/crypto/tlsconn.h"
#include "layer/api/nt/crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int
judge(void *arg, struct tlsconn *t)
{
	const struct tlsconn_bytes *all;
	struct x509 x;
	(void)arg;
	for (size_t i = 0, k = tlsconn_peer(t, &all); i < k; i++)
		if (x509_read(&x, all[i].p, all[i].n))
			(void)x509_for_host(&x, "localhost");
	return 0;
}

/* What it is asked when it does not stand. */
static void
ask(struct tlsconn *t)
{
	uint8_t unique[TLS_UNIQUE];
	char name[TLS_NAME];
	(void)tlsconn_version(t);
	(void)tlsconn_suite(t);
	(void)tlsconn_alpn(t);
	(void)tlsconn_most(t);
	(void)tlsconn_expansion(t);
	(void)tlsconn_key_bits(t);
	tlsconn_suite_name(t, name);
	if (tlsconn_unique(t, unique) && !tlsconn_stands(t))
		abort();
	tlsconn_session_free(tlsconn_session_of(t));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (!n || n > 1 << 16)
		return 0;
	struct tlsconn_config c = {
		.server = *data & 1, .host = "localhost", .alpn = "h2\0", .judge = judge
	};
	struct tlsconn *t = tlsconn_new(&c);
	size_t used = 0;
	if (!t)
		return 0;
	/* a copy: what is behind its end is nobody's */
	uint8_t *p = malloc(n);
	if (p) {
		memcpy(p, data + 1, n - 1);
		enum tlsconn_said s = tlsconn_shake(t, NULL, 0, &used);
		for (size_t at = 0; at < n - 1 && s == TLS_MORE; at += used) {
			ptrdiff_t whole = tlsconn_whole(p + at, n - 1 - at);
			if (whole <= 0)
				break;
			if ((size_t)whole > n - 1 - at)
				abort();
			s = tlsconn_shake(t, p + at, (size_t)whole, &used);
			if (used > (size_t)whole)
				abort();
			if (!used)
				break;
		}
		ask(t);
	}
	free(p);
	tlsconn_free(t);
	return 0;
}
