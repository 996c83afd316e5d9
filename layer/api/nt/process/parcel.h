/* parcel.h -- a birth as bytes: what process_new.c packs and process_again.c unpacks.
 *
 * Both are the same build, so there is no version; the reader trusts no length all the
 * same.
 */
#ifndef LAYER_API_NT_PROCESS_PARCEL_H
#define LAYER_API_NT_PROCESS_PARCEL_H

#include "base/buf.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/object/object.h"
#include "layer/api/nt/process/process.h"

enum { PARCEL_MAGIC = 0x4c435250, PARCEL_MOST = 64 << 20 };

/* One inherited object, then the handles of them all. */
struct parcel_object {
	int64_t class;          /* how far it stands from process_class */
	struct inherit i;
};

struct parcel_handle {
	uint64_t value;
	uint32_t object;        /* which one */
	uint32_t access;
	uint32_t inherit;       /* 0: it is one of the standard handles only */
};

struct parcel {
	struct birth birth;
	int shared_fd, exe_fd, meminfo_fd, stat_fd; /* the last two: host.h; or -1 */
	struct parcel_object *objects;
	size_t nobject;
	struct parcel_handle *handles;
	size_t nhandle;
};

void parcel_write(struct buf *out, const struct parcel *p);
/* What is in *p is the caller's; -1: it is none. */
int parcel_read(const void *bytes, size_t n, struct parcel *p);

#endif
