/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/rv/trace.h"

#include <inttypes.h>

#include "layer/hal/rv/insn.h"

void
trace_before(struct trace_line *l, const struct hart *h, bool there, uint32_t word)
{
	*l = (struct trace_line){
		.pc = h->pc, .instret = h->instret, .word = word, .mode = h->mode, .there = there
	};
}

/* The register that it says it writes. */
static void
result(const struct trace_line *l, const struct hart *h, char *out, size_t size)
{
	struct insn i;
	out[0] = '\0';
	if (!insn_decode(l->word, &i))
		return;
	char letter = insn_rows[i.id].operands[0];
	if (letter == 'd' && i.rd)
		snprintf(out, size, "%s=%" PRIx64, insn_integer[i.rd], h->x[i.rd]);
	else if (letter == 'D')
		snprintf(out, size, "%s=%" PRIx64, insn_floating[i.rd], h->f[i.rd]);
}

void
trace_after(FILE *to, const struct trace_line *l, const struct hart *h, enum hart_stop end)
{
	static const char modes[] = "USHM";
	char text[64] = "", word[12] = "", what[64];
	if (l->there) {
		unsigned n = insn_text(l->word, l->pc, text, sizeof text);
		snprintf(word, sizeof word, "%0*" PRIx32, (int)n * 2, l->word);
	}
	/* What retires is counted. */
	bool trapped = end == HART_POKED && h->instret == l->instret;
	bool to_m = h->mode == MODE_M;
	if (trapped)
		snprintf(what, sizeof what, "trap %" PRIx64 " %" PRIx64,
		         to_m ? h->mcause : h->scause, to_m ? h->mtval : h->stval);
	else
		result(l, h, what, sizeof what);
	/* one call, so that the lines of two harts do not mix */
	fprintf(to, "%" PRIu32 " %c %016" PRIx64 " %-8s %-*s%s\n", h->id, modes[l->mode & 3], l->pc,
	        word, *what ? 32 : 0, text, what);
}
