/* SPDX-License-Identifier: Apache-2.0 */
/* qcow2_info.c -- what an image says of itself, with the words of qemu-img. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "img/qcow2.h"

/* Names come from the file: not all bytes are text. */
static json_t *
text(const char *s)
{
	char *copy = xstrdup(s);
	str_printable(copy);
	json_t *v = json_string(copy);
	free(copy);
	return v;
}

void
qcow2_info(struct disk *d, json_t *o)
{
	struct qcow2 *q = d->qcow2;
	json_t *data = json_object(), *own = json_object();

	json_object_set_new(data, "compat", json_string(q->version == 2 ? "0.10" : "1.1"));
	json_object_set_new(data, "compression-type",
	                    json_string(q->compression ? "zstd" : "zlib"));
	json_object_set_new(data, "refcount-bits", json_integer(1 << q->count_order));
	if (q->version >= 3) {
		json_object_set_new(data, "lazy-refcounts", json_boolean(q->lazy));
		json_object_set_new(data, "corrupt", json_boolean(q->incompatible & QCOW2_CORRUPT));
		json_object_set_new(data, "extended-l2", json_false());
	}
	json_object_set_new(own, "type", json_string("qcow2"));
	json_object_set_new(own, "data", data);
	json_object_set_new(o, "format-specific", own);
	json_object_set_new(o, "dirty-flag", json_boolean(q->incompatible & QCOW2_DIRTY));
	if (q->backing) {
		char *full = format_beside(d->path, q->backing);
		json_object_set_new(o, "backing-filename", text(q->backing));
		json_object_set_new(o, "full-backing-filename", text(full));
		if (q->backing_format)
			json_object_set_new(o, "backing-filename-format", text(q->backing_format));
		free(full);
	}
}

json_t *
qcow2_snapshots(struct disk *d)
{
	struct qcow2 *q = d->qcow2;
	json_t *list = json_array();

	for (uint32_t i = 0; i < q->snapshots; i++) {
		const struct qcow2_snapshot *s = &q->snapshot[i];
		json_t *o = json_object();
		json_object_set_new(o, "id", text(s->id));
		json_object_set_new(o, "name", text(s->name));
		json_object_set_new(o, "vm-state-size", json_integer((json_int_t)s->vm_state));
		json_object_set_new(o, "date-sec", json_integer(s->sec));
		json_object_set_new(o, "date-nsec", json_integer(s->nsec));
		json_object_set_new(o, "vm-clock-sec",
		                    json_integer((json_int_t)(s->vm_clock / 1000000000)));
		json_object_set_new(o, "vm-clock-nsec",
		                    json_integer((json_int_t)(s->vm_clock % 1000000000)));
		if (s->icount != UINT64_MAX)
			json_object_set_new(o, "icount", json_integer((json_int_t)s->icount));
		json_array_append_new(list, o);
	}
	return list;
}
