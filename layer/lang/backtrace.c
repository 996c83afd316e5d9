/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "layer/lang/line.h"
#include "layer/lang/names.h"
#include "layer/lang/run.h"

/* Where a thread stopped, for people: one line a frame, innermost first. */

enum { MOST = 50 }; /* lines; endless recursion has more frames than anybody reads */

static void
frame(struct buf *b, unsigned n, const struct activation *a)
{
	char head[48];
	if (a->func->host) {
		snprintf(head, sizeof head, "  #%u ", n);
		buf_put(b, head, strlen(head));
		buf_put(b, a->func->host_name, a->func->host_name ? strlen(a->func->host_name) : 0);
		buf_u8(b, '\n');
		return;
	}
	const struct module *m = a->func->inst->module;
	uint32_t offset = code_offset(a->func, a->returning ? a->pc - 1 : a->pc);
	struct name name = names_function(m, a->func->index);
	struct line line;
	snprintf(head, sizeof head, "  #%u 0x%x ", n, offset);
	buf_put(b, head, strlen(head));
	if (name.n) {
		/* it is the program's: no control characters reach the terminal */
		for (uint32_t i = 0; i < name.n && i < 200; i++)
			buf_u8(b, (unsigned char)name.p[i] < ' ' || name.p[i] == 127
			                  ? '?'
			                  : (uint8_t)name.p[i]);
	} else {
		snprintf(head, sizeof head, "function %u", a->func->index);
		buf_put(b, head, strlen(head));
	}
	if (line_of(m, offset, &line)) {
		snprintf(head, sizeof head, ":%u", line.number);
		buf_put(b, " at ", 4);
		for (const char *p = line.file; *p; p++)
			buf_u8(b, (unsigned char)*p < ' ' ? '?' : (uint8_t)*p);
		buf_put(b, head, strlen(head));
	}
	buf_u8(b, '\n');
}

char *
run_backtrace(struct thread *t)
{
	struct buf b = { 0 };
	struct activation a;
	unsigned n = 0;
	if (!t->func)
		return NULL;
	unwind_top(t, &a);
	do {
		if (n < MOST)
			frame(&b, n, &a);
		n++;
	} while (unwind_up(&a));
	if (n > MOST) {
		char more[48];
		snprintf(more, sizeof more, "  ... and %u more\n", n - MOST);
		buf_put(&b, more, strlen(more));
	}
	buf_u8(&b, 0);
	return (char *)b.p;
}
