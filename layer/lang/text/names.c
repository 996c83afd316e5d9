/* SPDX-License-Identifier: Apache-2.0 */
/* The name section (appendix A.7.4 of the Core specification), so that a trap can say
 * where it happened. */
#include "layer/lang/text/encode.h"

static void
space(const struct encode *c, enum space s, unsigned id, struct buf *out)
{
	struct buf list = { 0 }, content = { 0 };
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->count[s]; i++) {
		const struct symbol *name = &c->name[s][i];
		if (!name->p)
			continue;
		buf_uleb(&list, i);
		buf_uleb(&list, name->n);
		buf_put(&list, name->p, name->n);
		n++;
	}
	if (n) {
		encode_vec(&content, n, &list);
		encode_section(out, id, &content);
	}
	buf_free(&list);
	buf_free(&content);
}

void
encode_names(const struct encode *c, struct buf *out)
{
	static const uint8_t ids[][2] = {
		{ SPACE_TYPE, 4 }, { SPACE_TABLE, 5 }, { SPACE_MEMORY, 6 }, { SPACE_GLOBAL, 7 },
		{ SPACE_ELEM, 8 }, { SPACE_DATA, 9 },  { SPACE_TAG, 11 },
	};
	struct buf content = { 0 };

	if (c->module_name.p) {
		buf_uleb(&content, c->module_name.n);
		buf_put(&content, c->module_name.p, c->module_name.n);
		encode_section(out, 0, &content);
	}
	space(c, SPACE_FUNC, 1, out);
	if (c->nnamed_locals) {
		content.n = 0;
		encode_vec(&content, c->nnamed_locals, &c->named_locals);
		encode_section(out, 2, &content);
	}
	for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
		space(c, (enum space)ids[i][0], ids[i][1], out);
	buf_free(&content);
}
