/* SPDX-License-Identifier: Apache-2.0 */
/* registry_log.c -- the registry's file: records of changes behind a header.
 *
 * Who appends holds the file's lock (flock, which the host gives back when he dies), writes his
 * record at header.end and then moves header.end, which is what makes it valid.  What is below
 * header.end never changes, so readers take no lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/registry/registry.h"

static const char magic[8] = "JOISTRG1";
enum { HEADER = 64, RECORD = 40, LOG_MOST = 256 << 20, COMPACT = 1 << 20 };

struct header {
	char magic[8];
	_Atomic uint64_t end;      /* bytes that are valid, the header among them */
	_Atomic uint32_t replaced; /* there is a new file of this name */
};

/* size, checksum of what follows, op, type, path and name in units, data in bytes, run, when */
struct disk_record {
	uint32_t size, sum, op, type, path, name, data, run;
	int64_t when;
};

_Static_assert(sizeof(struct disk_record) == RECORD, "layout");

static int fd = -1;
static struct header *header;
static uint64_t seen; /* up to here it has been applied */
static bool none;     /* there is no folder to keep it in */

static uint32_t
sum(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

size_t
registry_log_parse(const uint8_t *p, size_t n, struct registry_record *out)
{
	struct disk_record d;
	if (n < RECORD)
		return 0;
	memcpy(&d, p, RECORD);
	if (d.size < RECORD || d.size > n || d.size % 8 || d.op < REGISTRY_SET ||
	    d.op > REGISTRY_DELETE || d.path > 32767 || d.name > 16383 || d.data > d.size ||
	    RECORD + (uint64_t)d.path * 2 + (uint64_t)d.name * 2 + d.data > d.size ||
	    d.sum != sum(p + 8, d.size - 8))
		return 0;
	*out = (struct registry_record){
		.op = (enum registry_op)d.op,
		.path = (const WCHAR *)(const void *)(p + RECORD),
		.path_length = d.path,
		.name = (const WCHAR *)(const void *)(p + RECORD) + d.path,
		.name_length = d.name,
		.type = d.type,
		.data = p + RECORD + (d.path + d.name) * 2,
		.size = d.data,
		.run = d.run,
		.when = d.when,
	};
	return d.size;
}

static uint8_t *
pack(const struct registry_record *r, size_t *n)
{
	struct disk_record d = { .op = r->op,
		                 .type = r->type,
		                 .path = (uint32_t)r->path_length,
		                 .name = (uint32_t)r->name_length,
		                 .data = r->size,
		                 .run = r->run,
		                 .when = r->when };
	size_t size = (RECORD + (r->path_length + r->name_length) * 2 + r->size + 7) & ~(size_t)7;
	uint8_t *p = calloc(1, size), *w = p + RECORD;
	if (!p)
		return NULL;
	d.size = (uint32_t)size;
	memcpy(w, r->path, r->path_length * 2);
	w += r->path_length * 2;
	if (r->name_length)
		memcpy(w, r->name, r->name_length * 2);
	w += r->name_length * 2;
	if (r->size)
		memcpy(w, r->data, r->size);
	memcpy(p, &d, RECORD);
	d.sum = sum(p + 8, size - 8);
	memcpy(p, &d, RECORD);
	*n = size;
	return p;
}

static char *
file_name(const char *suffix)
{
	char *p;
	if (!birth.store || asprintf(&p, "%s/registry%s", birth.store, suffix) < 0)
		return NULL;
	return p;
}

static void
shut(void)
{
	if (header)
		munmap(header, HEADER);
	if (fd >= 0)
		close(fd);
	header = NULL;
	fd = -1;
}

/* Open it, and make it when it is not there or is not one. */
static bool
open_log(void)
{
	struct stat st;
	char *path = file_name("");
	if (!path)
		return false;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &st) < 0)
		goto fail;
	if (st.st_size < HEADER && (ftruncate(fd, 0) < 0 || ftruncate(fd, HEADER) < 0))
		goto fail;
	header = mmap(NULL, HEADER, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED) {
		header = NULL;
		goto fail;
	}
	if (memcmp(header->magic, magic, sizeof magic)) {
		memset(header, 0, sizeof *header);
		header->end = HEADER;
		memcpy(header->magic, magic, sizeof magic);
	}
	/* a host that went down may have kept the header and lost what is behind it */
	if (fstat(fd, &st) == 0 && (header->end < HEADER || header->end > (uint64_t)st.st_size))
		header->end = (uint64_t)st.st_size > HEADER ? (uint64_t)st.st_size & ~(uint64_t)7
		                                            : HEADER;
	flock(fd, LOCK_UN);
	seen = HEADER;
	return true;
fail:
	shut();
	return false;
}

/* -- a log that is mostly past ------------------------------------------------------ */

static uint64_t
identity(const struct registry_record *r, bool with_name)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < r->path_length; i++)
		h = (h ^ nls_up(r->path[i])) * 1099511628211u;
	h = (h ^ (with_name ? 1 : 2)) * 1099511628211u;
	for (size_t i = 0; with_name && i < r->name_length; i++)
		h = (h ^ nls_up(r->name[i])) * 1099511628211u;
	return h ? h : 1;
}

/* Is it there; put it there. */
static bool
known(uint64_t *set, size_t cap, uint64_t h)
{
	size_t i = (size_t)h & (cap - 1);
	for (; set[i]; i = (i + 1) & (cap - 1))
		if (set[i] == h)
			return true;
	set[i] = h;
	return false;
}

/* It was volatile, and the machine has stopped since. */
static bool
past(const struct registry_record *r)
{
	return r->run && r->run != shared_run();
}

/* Keep each record that no later one makes void, from the last to the first. */
static size_t
select_live(const uint8_t *p, const size_t *at, size_t n, bool *keep)
{
	size_t cap = 64, live = 0;
	struct registry_record r;
	while (cap < n * 4)
		cap *= 2;
	uint64_t *set = calloc(cap, sizeof *set);
	for (size_t i = n; set && i-- > 0;) {
		size_t size = registry_log_parse(p + at[i], SIZE_MAX >> 1, &r);
		bool value = r.op == REGISTRY_SET || r.op == REGISTRY_UNSET;
		/* a key that was deleted later: this concerned the one before */
		uint64_t gone = identity(&r, false);
		bool dead = past(&r);
		for (size_t j = (size_t)gone & (cap - 1); set[j]; j = (j + 1) & (cap - 1))
			dead |= set[j] == gone;
		if (!dead && value)
			dead = known(set, cap, identity(&r, true));
		if (!dead && r.op == REGISTRY_DELETE)
			known(set, cap, gone);
		keep[i] = !dead;
		live += dead ? 0 : size;
	}
	free(set);
	return set ? live : SIZE_MAX;
}

static bool
rewrite(const uint8_t *p, const size_t *at, size_t n, const bool *keep)
{
	char *path = file_name(""), *fresh = file_name(".new");
	struct header h = { .end = HEADER };
	struct registry_record r;
	bool ok = false;
	int out = path && fresh ? open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
	if (out >= 0 && lseek(out, HEADER, SEEK_SET) == HEADER) {
		ok = true;
		for (size_t i = 0; ok && i < n; i++) {
			size_t size = registry_log_parse(p + at[i], SIZE_MAX >> 1, &r);
			if (!keep[i])
				continue;
			ok = write(out, p + at[i], size) == (ssize_t)size;
			h.end += size;
		}
		memcpy(h.magic, magic, sizeof magic);
		ok = ok && pwrite(out, &h, sizeof h, 0) == sizeof h && fsync(out) == 0 &&
		     rename(fresh, path) == 0;
	}
	if (out >= 0)
		close(out);
	free(path);
	free(fresh);
	return ok;
}

/* Under the file's lock.  true: there is a new file to be opened. */
static bool
compact(void)
{
	size_t size = (size_t)header->end - HEADER, n = 0, k;
	uint8_t *p = malloc(size);
	size_t *at = malloc((size / RECORD + 1) * sizeof *at);
	bool *keep = calloc(size / RECORD + 1, 1), done = false;
	struct registry_record r;
	if (p && at && keep && pread(fd, p, size, HEADER) == (ssize_t)size) {
		for (size_t i = 0; (k = registry_log_parse(p + i, size - i, &r)); i += k)
			at[n++] = i;
		if (select_live(p, at, n, keep) < size / 2 && rewrite(p, at, n, keep)) {
			header->replaced = 1;
			done = true;
		}
	}
	free(p);
	free(at);
	free(keep);
	return done;
}

static void
apply_new(void (*apply)(const struct registry_record *r))
{
	uint64_t end = atomic_load(&header->end);
	if (end <= seen || end - seen > LOG_MOST)
		return;
	size_t n = (size_t)(end - seen), at = 0, k;
	uint8_t *p = malloc(n);
	if (!p)
		return;
	ssize_t got = pread(fd, p, n, (off_t)seen);
	struct registry_record r;
	if (got > 0)
		for (; (k = registry_log_parse(p + at, (size_t)got - at, &r)); at += k)
			if (!past(&r))
				apply(&r);
	/* what is no record is passed over for good: its writer would have to begin behind it */
	seen = end;
	free(p);
}

void
registry_log_read(void (*apply)(const struct registry_record *r), void (*restart)(void))
{
	if (none)
		return;
	if (header && !header->replaced && header->end == seen)
		return;
	if (header && header->replaced) {
		shut();
		restart();
	}
	for (int again = 0; !header; again++) {
		if (!open_log()) {
			none = true;
			return;
		}
		if (again || header->end < COMPACT)
			continue;
		flock(fd, LOCK_EX);
		bool anew = !header->replaced && compact();
		flock(fd, LOCK_UN);
		if (anew || header->replaced)
			shut();
	}
	apply_new(apply);
}

NTSTATUS
registry_log_add(const struct registry_record *r)
{
	size_t n;
	uint8_t *p;
	NTSTATUS s = STATUS_SUCCESS;
	if (none || !header)
		return STATUS_SUCCESS; /* it lasts as long as the process */
	if (!(p = pack(r, &n)))
		return STATUS_NO_MEMORY;
	flock(fd, LOCK_EX);
	uint64_t end = header->end;
	ssize_t w = pwrite(fd, p, n, (off_t)end);
	if (w == (ssize_t)n) {
		bool next = seen == end;
		header->end = end + n;
		/* with others' records between, ours is read again after theirs */
		if (next)
			seen = end + n;
	} else {
		s = w < 0 ? status_errno(errno) : STATUS_DISK_FULL;
	}
	flock(fd, LOCK_UN);
	free(p);
	return s;
}
