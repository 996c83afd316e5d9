/* SPDX-License-Identifier: Apache-2.0 */
/* process_alone.c -- the process as long as there is only one: goes when process.c comes. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "layer/api/nt/process.h"
#include "layer/api/nt/shared.h"

struct shared *shared;

NTSTATUS
shared_open(enum shared_kind kind, const WCHAR *name, bool make, struct shared_thing **out, bool *made)
{
	(void)kind, (void)name, (void)make, (void)out, (void)made;
	return STATUS_OBJECT_NAME_NOT_FOUND;
}

void
shared_close(struct shared_thing *t)
{
	(void)t;
}

void
shared_lock(void)
{
}

void
shared_unlock(void)
{
}

static void
gone(struct object *o)
{
	free(o);
}

const struct object_class process_class = { .name = "Process", .destroy = gone };

struct process *
process_self(void)
{
	static struct process *self;
	if (!self) {
		self = calloc(1, sizeof *self);
		if (!self)
			abort();
		object_init(&self->object, &process_class, 0);
		self->id = 8;
		self->pidfd = -1;
		self->exit_code = 259;
	}
	return self;
}

int
process_begin(struct birth *b, struct err *e)
{
	(void)b, (void)e;
	return 0;
}

NTSTATUS
process_inherit(struct birth *b)
{
	(void)b;
	return STATUS_SUCCESS;
}

void
process_gate(void)
{
}

void
process_end(uint32_t code)
{
	(void)code;
}

int
process_again(int argc, char **argv)
{
	(void)argc, (void)argv;
	errno = ENOSYS;
	return -1;
}
