/* SPDX-License-Identifier: Apache-2.0 */
/* cxx_func3.c -- FuncInfo, the tables of __CxxFrameHandler3: fixed structures, all numbers of 32
 * bits, pointers as distances from the module's base (ehdata.h of Visual C++). */
#include <string.h>

#include "layer/api/nt/except/cxx.h"

enum {
	INFO_SIZE = 40,
	MAGIC_WITH_FLAGS = 0x19930522,
	FLAG_SYNC = 1,
	FLAG_NOEXCEPT = 4,
	UNWIND_SIZE = 8,
	TRY_SIZE = 20,
	CATCH_SIZE = 20,
	IP_SIZE = 8,
	MOST = 1 << 20, /* of states, try blocks, addresses */
};

bool
cxx_read(const struct image *im, uint32_t rva, void *out, size_t n)
{
	if (rva >= im->size || n > im->size - rva)
		return false;
	memcpy(out, (const void *)(im->base + rva), n);
	return true;
}

/* A catch block is known by its address; then the frame that it works on stands in its own. */
static bool
find_funclet(struct cxx_func *f, uint64_t establisher)
{
	struct cxx_cursor c = { 0, 0 };
	struct cxx_try t;
	while (cxx_try3(f, &c, &t))
		for (uint32_t i = 0; i < t.ncatch; i++) {
			uint32_t row[5];
			if (!cxx_read(&f->im, t.catches + i * CATCH_SIZE, row, sizeof row))
				return false;
			if (row[3] == f->begin) {
				f->floor = t.high;
				f->ceiling = t.catch_high;
				return unwind_read(&f->stack, establisher + row[4], &f->frame, 8);
			}
		}
	return true;
}

bool
cxx_func3(struct cxx_func *f, const struct DISPATCHER_CONTEXT *dc, uint64_t establisher)
{
	uint32_t rva, info[10];
	uint64_t data = (uint64_t)(uintptr_t)dc->HandlerData;
	if (data < dc->ImageBase || !cxx_read(&f->im, (uint32_t)(data - dc->ImageBase), &rva, 4) ||
	    !cxx_read(&f->im, rva, info, INFO_SIZE))
		return false;
	uint32_t magic = info[0] & 0x1fffffff;
	if (magic < CXX_MAGIC || magic > MAGIC_WITH_FLAGS || info[1] > MOST || info[3] > MOST ||
	    info[5] > MOST)
		return false;
	f->nstate = info[1];
	f->states = info[2];
	f->ntry = info[3];
	f->tries = info[4];
	f->nip = info[5];
	f->ips = info[6];
	f->floor = -1;
	f->ceiling = INT32_MAX;
	f->frame = establisher;
	if (magic >= MAGIC_WITH_FLAGS) {
		f->sync = info[9] & FLAG_SYNC;
		f->noexcept = info[9] & FLAG_NOEXCEPT;
	}
	return find_funclet(f, establisher);
}

/* The last address at or below pc says the state. */
int
cxx_state3(const struct cxx_func *f, uint64_t pc)
{
	uint32_t low = 0, high = f->nip, rva = (uint32_t)(pc - f->im.base);
	uint32_t row[2] = { 0, UINT32_MAX };
	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		if (!cxx_read(&f->im, f->ips + mid * IP_SIZE, row, sizeof row))
			return -1;
		if (row[0] <= rva)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low || !cxx_read(&f->im, f->ips + (low - 1) * IP_SIZE, row, sizeof row))
		return -1;
	return (int32_t)row[1];
}

bool
cxx_action3(const struct cxx_func *f, int state, struct cxx_action *a)
{
	uint32_t row[2];
	if (state < 0 || (uint32_t)state >= f->nstate ||
	    !cxx_read(&f->im, f->states + (uint32_t)state * UNWIND_SIZE, row, sizeof row))
		return false;
	*a = (struct cxx_action){ .to = (int32_t)row[0],
		                  .kind = row[1] ? CXX_FUNCLET : CXX_NOTHING,
		                  .action = row[1] };
	/* states are undone downwards, or a hostile table would never end */
	return a->to < state && a->to >= -1;
}

bool
cxx_try3(const struct cxx_func *f, struct cxx_cursor *c, struct cxx_try *t)
{
	uint32_t row[5];
	if (c->i >= f->ntry || !cxx_read(&f->im, f->tries + c->i * TRY_SIZE, row, sizeof row))
		return false;
	c->i++;
	*t = (struct cxx_try){ (int32_t)row[0], (int32_t)row[1], (int32_t)row[2],
		               row[3] > MOST ? 0 : row[3], row[4] };
	return true;
}

bool
cxx_catch3(const struct cxx_func *f, const struct cxx_try *t, struct cxx_cursor *c,
           struct cxx_catch *k)
{
	uint32_t row[5];
	if (c->i >= t->ncatch || !cxx_read(&f->im, t->catches + c->i * CATCH_SIZE, row, sizeof row))
		return false;
	c->i++;
	*k = (struct cxx_catch){
		.adjectives = row[0], .type = row[1], .object = (int32_t)row[2], .handler = row[3]
	};
	return true;
}
