/* SPDX-License-Identifier: Apache-2.0 */
/* Random work on images beside a model of them, and the power cut at every write. */
#include "test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "img/disk.h"
#include "img/format.h"
#include "img/qcow2.h"

enum { SECTOR = 512, SECTORS = 1536, SIZE = SECTORS * SECTOR };

static char folder[64];
static int dir;
static uint64_t seed;

static uint64_t
chance(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % n;
}

static int
begin(void **state)
{
	(void)state;
	/* in memory where there is such a place: thousands of syncs */
	bool memory = access("/dev/shm", W_OK) == 0;
	snprintf(folder, sizeof folder, "%s/joist-disk-XXXXXX", memory ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(folder));
	dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir < 0;
}

static int
end(void **state)
{
	(void)state;
	close(dir);
	return file_remove(AT_FDCWD, folder, NULL);
}

static struct disk *
open_it(const char *name, unsigned flags)
{
	struct err e = { 0 };
	struct disk *d = disk_open(dir, name, flags, &e);
	if (!d)
		fail_msg("%s", e.what);
	return d;
}

static void
make(const char *name, uint64_t size, struct disk_options o)
{
	struct err e = { 0 };
	o.format = o.format ? o.format : "qcow2";
	if (disk_create(dir, name, size, &o, &e) < 0)
		fail_msg("%s", e.what);
}

/* -- the model: every sector is full of one number ------------------------------- */

enum { KEEPS = 4 };

static uint64_t now[SECTORS], kept[KEEPS][SECTORS], stamp;

static void
fill(uint8_t *bytes, uint64_t value)
{
	for (size_t i = 0; i < SECTOR; i += 8)
		memcpy(bytes + i, &value, 8);
}

/* The number that a sector is full of. */
static uint64_t
sector(struct disk *d, uint64_t i)
{
	uint64_t v[SECTOR / 8];
	struct iovec io = { v, sizeof v };
	assert_int_equal(disk_read(d, i * SECTOR, &io, 1), 0);
	for (size_t k = 1; k < SECTOR / 8; k++)
		if (v[k] != v[0])
			fail_msg("sector %d is torn at %d: %llx, %llx", (int)i, (int)k,
			         (unsigned long long)v[0], (unsigned long long)v[k]);
	return v[0];
}

static void
same_as_model(struct disk *d, const char *when)
{
	for (uint64_t i = 0; i < disk_size(d) / SECTOR; i++) {
		uint64_t v = sector(d, i);
		if (v != now[i])
			fail_msg("%s: sector %d is %llx, not %llx", when, (int)i,
			         (unsigned long long)v, (unsigned long long)now[i]);
	}
}

static void
sound(const char *name, unsigned repair, bool leaks_allowed, const char *when)
{
	struct err e = { 0 };
	struct disk_check c = { 0 };
	struct disk *d = open_it(name, DISK_REPAIR | DISK_ALONE | (repair ? DISK_WRITE : 0));
	if (disk_check(d, repair, &c, &e) < 0)
		fail_msg("%s: %s", when, e.what);
	if (c.corruptions || (c.leaks && !leaks_allowed)) {
		char *text = json_dumps(c.findings, JSON_INDENT(1));
		fail_msg("%s: %d corruptions, %d leaks\n%s", when, (int)c.corruptions, (int)c.leaks,
		         text);
	}
	json_decref(c.findings);
	disk_close(d);
}

enum act { WRITE, DISCARD, ZERO, ZERO_UNMAP, FLUSH, READ, KEEP, DROP, APPLY };

struct op {
	enum act act;
	uint64_t first, n, stamp;
};

static struct op
random_op(uint64_t sectors)
{
	static const enum act acts[] = { WRITE, WRITE, WRITE,      WRITE, WRITE,
		                         ZERO,  READ,  ZERO_UNMAP, FLUSH, DISCARD };
	struct op o = { .act = acts[chance(sizeof acts / sizeof *acts)] };
	o.first = chance(sectors);
	o.n = 1 + chance(chance(4) ? 20 : 300);
	if (o.n > sectors - o.first)
		o.n = sectors - o.first;
	o.stamp = o.act == WRITE ? ++stamp : 0;
	return o;
}

static int
put(struct disk *d, const struct op *o)
{
	uint8_t *bytes = malloc(o->n * SECTOR);
	struct iovec v[8];
	int n = 0;
	size_t at = 0, all = o->n * SECTOR;
	for (size_t i = 0; i < o->n; i++)
		fill(bytes + i * SECTOR, o->stamp);
	/* in pieces of any size */
	while (at < all) {
		size_t k = n == 7 ? all - at : chance(all - at) + 1;
		v[n++] = (struct iovec){ bytes + at, k };
		at += k;
	}
	int rc = disk_write(d, o->first * SECTOR, v, n);
	free(bytes);
	return rc;
}

/* A discarded sector may stay as it was. */
static int
apply(struct disk *d, const struct op *o)
{
	switch (o->act) {
	case WRITE: return put(d, o);
	case DISCARD: return disk_discard(d, o->first * SECTOR, o->n * SECTOR);
	case ZERO:
	case ZERO_UNMAP:
		return disk_zero(d, o->first * SECTOR, o->n * SECTOR, o->act == ZERO_UNMAP);
	case FLUSH: return disk_flush(d);
	case READ: return 0;
	case KEEP: return disk_snapshot_make(d, "s", NULL);
	case DROP: return disk_snapshot_drop(d, "s", NULL);
	case APPLY: return disk_snapshot_apply(d, "s", NULL);
	}
	return -1;
}

static void
model(struct disk *d, const struct op *o)
{
	for (uint64_t i = o->first; i < o->first + o->n; i++) {
		if (o->act == WRITE || o->act == ZERO || o->act == ZERO_UNMAP) {
			now[i] = o->stamp;
		} else if (o->act == DISCARD) {
			uint64_t v = sector(d, i);
			if (v != 0 && v != now[i])
				fail_msg("a discarded sector is %llx", (unsigned long long)v);
			now[i] = v;
		} else if (o->act == READ) {
			assert_int_equal(sector(d, i), now[i]);
		}
	}
}

static const struct kind {
	const char *name;
	struct disk_options o;
	bool below; /* stands on a raw image that is shorter */
} kinds[] = {
	{ "plain", { .cluster_size = 4096 }, false },
	{ "small", { .cluster_size = 512 }, false },
	{ "small1", { .cluster_size = 512, .refcount_bits = 1 }, false },
	{ "small64", { .cluster_size = 512, .refcount_bits = 64 }, true },
	{ "usual", { .cluster_size = 65536 }, true },
	{ "old", { .cluster_size = 1024, .version = 2 }, false },
	{ "old2", { .cluster_size = 4096, .version = 2 }, true },
	{ "lazy", { .cluster_size = 2048, .lazy_refcounts = true }, true },
	{ "full", { .cluster_size = 4096, .preallocation = "metadata" }, false },
	{ "large", { .cluster_size = 2 << 20, .refcount_bits = 8 }, true },
};

enum { KINDS = sizeof kinds / sizeof *kinds, BELOW = 1000 };

static void
make_kind(const struct kind *k)
{
	struct disk_options o = k->o;
	memset(now, 0, sizeof now);
	if (k->below) {
		make("below.raw", BELOW * SECTOR, (struct disk_options){ .format = "raw" });
		struct disk *d = open_it("below.raw", DISK_WRITE);
		for (uint64_t i = 0; i < BELOW; i++) {
			struct op w = { WRITE, i, 1, i % 7 ? 0 : 1000000 + i };
			assert_int_equal(put(d, &w), 0);
			now[i] = w.stamp;
		}
		assert_int_equal(disk_close(d), 0);
		o.backing = "below.raw";
		o.backing_format = "raw";
	}
	make(k->name, SIZE, o);
}

static void
random_work(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		seed = 88172645463325252u + (uint64_t)k;
		make_kind(&kinds[k]);
		for (int round = 0; round < 8; round++) {
			struct disk *d = open_it(kinds[k].name, DISK_WRITE);
			/* now and then with hardly any memory for tables */
			if (round % 2)
				d->qcow2->l2.most = d->qcow2->blocks.most = 4;
			for (int i = 0; i < 150; i++) {
				struct op o = random_op(SECTORS);
				assert_int_equal(apply(d, &o), 0);
				model(d, &o);
			}
			same_as_model(d, kinds[k].name);
			assert_int_equal(disk_close(d), 0);
			d = open_it(kinds[k].name, 0);
			same_as_model(d, kinds[k].name);
			disk_close(d);
			sound(kinds[k].name, 0, false, kinds[k].name);
		}
	}
}

/* -- snapshots ----------------------------------------------------------------------- */

static void
random_snapshots(void **state)
{
	(void)state;
	static const int with[] = { 0, 1, 3, 5, 7 };
	struct err e = { 0 };
	for (size_t w = 0; w < sizeof with / sizeof *with; w++) {
		const struct kind *k = &kinds[with[w]];
		bool there[KEEPS] = { false };
		char name[16];
		seed = 1234567 + w;
		make_kind(k);
		struct disk *d = open_it(k->name, DISK_WRITE);
		for (int i = 0; i < 120; i++) {
			int s = (int)chance(KEEPS);
			snprintf(name, sizeof name, "s%d", s);
			if (!there[s]) {
				if (disk_snapshot_make(d, name, &e) < 0)
					fail_msg("%s", e.what);
				memcpy(kept[s], now, sizeof now);
				there[s] = true;
			} else if (chance(3) == 0) {
				if (disk_snapshot_apply(d, name, &e) < 0)
					fail_msg("%s", e.what);
				memcpy(now, kept[s], sizeof now);
			} else if (chance(2) == 0) {
				if (disk_snapshot_drop(d, name, &e) < 0)
					fail_msg("%s", e.what);
				there[s] = false;
			}
			for (int n = 0; n < 5; n++) {
				struct op o = random_op(SECTORS);
				assert_int_equal(apply(d, &o), 0);
				model(d, &o);
			}
			if (i % 20 == 0) {
				same_as_model(d, k->name);
				assert_int_equal(disk_close(d), 0);
				sound(k->name, 0, false, k->name);
				d = open_it(k->name, DISK_WRITE);
			}
		}
		same_as_model(d, k->name);
		assert_int_equal(disk_close(d), 0);
		for (int s = 0; s < KEEPS; s++) {
			if (!there[s])
				continue;
			snprintf(name, sizeof name, "s%d", s);
			d = open_it(k->name, 0);
			assert_int_equal(disk_snapshot_look(d, name, &e), 0);
			memcpy(now, kept[s], sizeof now);
			same_as_model(d, name);
			disk_close(d);
		}
	}
}

/* -- the power goes ---------------------------------------------------------------------- */

/* What was done, in order: to the file, and by the guest. */
struct event {
	enum { FILE_ACT, OP_BEGINS, FLUSHED } what;
	enum platter_act act;
	uint64_t offset, n;
	uint8_t *bytes; /* own */
	struct op op;
};

static struct event *events;
static size_t events_n, events_cap;

static struct event *
event(void)
{
	if (events_n == events_cap) {
		events_cap = events_cap ? events_cap * 2 : 1024;
		events = realloc(events, events_cap * sizeof *events);
	}
	memset(&events[events_n], 0, sizeof *events);
	return &events[events_n++];
}

static void
record(void *arg, enum platter_act act, uint64_t offset, uint64_t n, const void *bytes)
{
	(void)arg;
	struct event *v = event();
	v->what = FILE_ACT;
	v->act = act;
	v->offset = offset;
	v->n = n;
	if (act == PLATTER_PUT) {
		v->bytes = malloc(n);
		memcpy(v->bytes, bytes, n);
	}
}

static void
forget_events(void)
{
	for (size_t i = 0; i < events_n; i++)
		free(events[i].bytes);
	events_n = 0;
}

/* What a file looks like, in memory. */
struct image {
	uint8_t *bytes;
	uint64_t n;
};

static void
reach(struct image *m, uint64_t n)
{
	if (n > m->n) {
		m->bytes = realloc(m->bytes, n);
		memset(m->bytes + m->n, 0, n - m->n);
		m->n = n;
	}
}

static void
replay(struct image *m, const struct event *v, bool torn)
{
	if (v->what != FILE_ACT || v->act == PLATTER_SYNC)
		return;
	if (v->act == PLATTER_SIZE) {
		reach(m, v->offset);
		m->n = v->offset;
		return;
	}
	reach(m, v->offset + v->n);
	/* Sectors are written whole, each or not. */
	for (uint64_t at = v->offset; at < v->offset + v->n;) {
		uint64_t k = SECTOR - at % SECTOR;
		if (k > v->offset + v->n - at)
			k = v->offset + v->n - at;
		if (!torn || chance(2)) {
			if (v->act == PLATTER_PUT)
				memcpy(m->bytes + at, v->bytes + (at - v->offset), k);
			else
				memset(m->bytes + at, 0, k);
		}
		at += k;
	}
}

static struct image
image_of(const char *name)
{
	struct err e = { 0 };
	char *bytes;
	size_t n;
	if (file_read(dir, name, 1 << 28, &bytes, &n, &e) < 0)
		fail_msg("%s", e.what);
	return (struct image){ (uint8_t *)bytes, n };
}

static void
write_image(const char *name, const struct image *m)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, m->bytes, m->n), 0);
	close(fd);
}

static bool
changes(const struct event *v, uint64_t s)
{
	const struct op *o = &v->op;
	return v->what == OP_BEGINS && o->act <= ZERO_UNMAP && s >= o->first && s < o->first + o->n;
}

/* Sectors as they were when the last snapshot before the cut was made. */
static bool
as_kept(struct disk *d, size_t cut)
{
	uint64_t last = 0;
	for (size_t i = 0; i < cut; i++)
		if (events[i].what == OP_BEGINS && events[i].op.act == KEEP)
			last = events[i].op.first;
	for (uint64_t s = 0; s < SECTORS; s++)
		if (sector(d, s) != kept[last][s])
			return false;
	return true;
}

/* Each sector is what it was at the last flush before the cut, or what an operation
 * that began later has made of it. */
static void
survived(struct disk *d, const uint64_t *start, size_t cut, const char *when)
{
	size_t flushed = 0;
	for (size_t i = 0; i < cut; i++)
		if (events[i].what == FLUSHED)
			flushed = i;
		else if (events[i].op.act == APPLY && events[i].what == OP_BEGINS &&
		         as_kept(d, cut))
			return;
	for (uint64_t s = 0; s < SECTORS; s++) {
		uint64_t v = sector(d, s), old = start[s];
		bool ok = false;
		for (size_t i = 0; i < flushed; i++) {
			if (!changes(&events[i], s))
				continue;
			/* a discard leaves what was, or zeros, at any time later */
			if (events[i].op.act == DISCARD) {
				ok = ok || v == 0;
			} else {
				old = events[i].op.stamp;
				ok = false;
			}
		}
		ok = ok || v == old;
		for (size_t i = flushed; i < cut && !ok; i++)
			ok = changes(&events[i], s) && v == events[i].op.stamp;
		if (!ok)
			fail_msg("%s: cut at event %d: sector %d is %llx, flushed was %llx", when,
			         (int)cut, (int)s, (unsigned long long)v, (unsigned long long)old);
	}
}

/* A snapshot is there as it was made, or not at all. */
static void
snapshot_survived(size_t cut)
{
	struct err e = { 0 };
	struct disk *d = open_it("cut", 0);
	json_t *list = disk_snapshots(d);
	if (json_array_size(list) > 0) {
		if (disk_snapshot_look(d, "s", &e) < 0)
			fail_msg("%s", e.what);
		assert_true(as_kept(d, cut));
	}
	json_decref(list);
	disk_close(d);
}

static void
after_a_cut(const struct image *m, const uint64_t *start, size_t cut, const char *when)
{
	write_image("cut", m);
	/* As it is: leaks at most, unless the header says that it was left open. */
	struct err e = { 0 };
	struct disk *d = open_it("cut", 0);
	json_t *info = disk_info(d, &e);
	bool dirty = json_is_true(json_object_get(info, "dirty-flag"));
	json_decref(info);
	survived(d, start, cut, when);
	disk_close(d);
	if (!dirty)
		sound("cut", 0, true, when);
	snapshot_survived(cut);
	/* Who writes next makes it clean. */
	d = open_it("cut", DISK_WRITE);
	survived(d, start, cut, when);
	struct op o = random_op(SECTORS);
	o.act = WRITE;
	o.stamp = 5;
	assert_int_equal(put(d, &o), 0);
	assert_int_equal(disk_close(d), 0);
	snapshot_survived(cut);
	sound("cut", 0, true, when);
	sound("cut", DISK_FIX_LEAKS, false, when);
	sound("cut", 0, false, when);
}

static void
cut_everywhere(const struct kind *k, int before, int ops, int step, bool snapshots)
{
	static uint64_t start[SECTORS];
	bool there = false;
	uint64_t keeps = 0;
	make_kind(k);
	/* some work before, so that there is something to lose */
	struct disk *d = open_it(k->name, DISK_WRITE);
	for (int i = 0; i < before; i++) {
		struct op o = random_op(SECTORS);
		assert_int_equal(apply(d, &o), 0);
		model(d, &o);
	}
	assert_int_equal(disk_close(d), 0);
	memcpy(start, now, sizeof start);
	struct image first = image_of(k->name);

	d = open_it(k->name, DISK_WRITE);
	d->platter->watch = record;
	for (int i = 0; i < ops; i++) {
		struct op o = random_op(SECTORS);
		struct event *v;
		/* now and then one snapshot, gone again later; back to one at the end */
		if (snapshots && i % 6 == 2)
			o = (struct op){ .act = there ? DROP : KEEP, .first = there ? 0 : keeps++ };
		if (snapshots && there && i == ops - 1)
			o = (struct op){ .act = APPLY };
		v = event();
		v->what = OP_BEGINS;
		v->op = o;
		assert_int_equal(apply(d, &o), 0);
		if (o.act == KEEP)
			memcpy(kept[o.first], now, sizeof now);
		if (o.act == KEEP || o.act == DROP)
			there = o.act == KEEP;
		if (o.act <= READ)
			model(d, &o);
		if (o.act >= FLUSH && o.act != READ)
			event()->what = FLUSHED;
	}
	assert_int_equal(disk_close(d), 0);

	/* The program ends: what it wrote so far is there. */
	struct image m = { malloc(first.n), first.n };
	memcpy(m.bytes, first.bytes, first.n);
	for (size_t i = 0; i < events_n; i++) {
		if (events[i].what == FILE_ACT && i % (size_t)step == 0)
			after_a_cut(&m, start, i, "ended");
		replay(&m, &events[i], false);
	}
	free(m.bytes);

	/* The host ends: of what was written since the last sync, some is there. */
	struct image safe = { malloc(first.n), first.n };
	memcpy(safe.bytes, first.bytes, first.n);
	size_t synced = 0;
	for (size_t i = 0; i < events_n; i++) {
		if (events[i].what != FILE_ACT)
			continue;
		if (i % (size_t)step == 0) {
			m = (struct image){ malloc(safe.n), safe.n };
			memcpy(m.bytes, safe.bytes, safe.n);
			for (size_t j = synced; j < i; j++)
				if (chance(2))
					replay(&m, &events[j], chance(2));
			after_a_cut(&m, start, i, "no power");
			free(m.bytes);
		}
		if (events[i].act == PLATTER_SYNC)
			for (; synced < i; synced++)
				replay(&safe, &events[synced], false);
	}
	free(safe.bytes);
	free(first.bytes);
	forget_events();
}

static void
the_power_goes(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		seed = 77 + (uint64_t)k;
		cut_everywhere(&kinds[k], 30, 40, kinds[k].o.cluster_size > 65536 ? 40 : 5, false);
	}
	/* where tables are new */
	for (int k = 0; k < KINDS - 1; k++) {
		bool small = kinds[k].o.cluster_size == 512;
		seed = 78 + (uint64_t)k;
		cut_everywhere(&kinds[k], 0, small ? 40 : 12, small ? 2 : 1, false);
	}
}

static void
the_power_goes_amid_a_snapshot(void **state)
{
	(void)state;
	/* version 2 cannot say that it is being worked on: what it has then is not as
	 * `check` wants it, but as much as before */
	static const int with[] = { 0, 1, 7 };
	for (size_t k = 0; k < sizeof with / sizeof *with; k++) {
		seed = 99 + k;
		cut_everywhere(&kinds[with[k]], 8, 20, 4, true);
	}
}

/* The program is killed: whatever it said to be flushed is there. */
static void
killed(void **state)
{
	(void)state;
	for (int k = 0; k < KINDS; k++) {
		make_kind(&kinds[k]);
		uint64_t last = 0;
		for (int round = 0; round < 6; round++) {
			int said[2];
			uint64_t word, done = last;
			assert_int_equal(pipe(said), 0);
			pid_t pid = fork();
			if (pid == 0) {
				struct disk *d = open_it(kinds[k].name, DISK_WRITE);
				/* sector i gets a number that tells i and when */
				for (uint64_t n = last + 1;; n++) {
					struct op o = { WRITE, n * 7 % SECTORS, 1, n };
					if (put(d, &o) < 0 || disk_flush(d) < 0 ||
					    write(said[1], &n, sizeof n) != sizeof n)
						_exit(1);
				}
			}
			close(said[1]);
			for (uint64_t i = 0; i < 20 + chance(200); i++)
				if (read(said[0], &word, sizeof word) == sizeof word)
					now[(done = word) * 7 % SECTORS] = word;
			kill(pid, SIGKILL);
			while (read(said[0], &word, sizeof word) == sizeof word)
				now[(done = word) * 7 % SECTORS] = word;
			close(said[0]);
			assert_int_equal(waitpid(pid, NULL, 0), pid);
			assert_true(done > last);
			struct disk *d = open_it(kinds[k].name, DISK_WRITE);
			/* the next one may have begun to take its place */
			uint64_t next = (done + 1) * 7 % SECTORS;
			for (uint64_t i = 0; i < SECTORS; i++) {
				uint64_t v = sector(d, i);
				if (v != now[i] && (i != next || v != done + 1))
					fail_msg("%s: sector %d is %d, not %d", kinds[k].name,
					         (int)i, (int)v, (int)now[i]);
				now[i] = v;
			}
			assert_int_equal(disk_close(d), 0);
			sound(kinds[k].name, 0, true, "killed");
			last = done + 1;
		}
	}
}

/* There is no room in the file system: the same again later is as if nothing was. */
static void
no_room(void **state)
{
	(void)state;
	struct rlimit all, some;
	getrlimit(RLIMIT_FSIZE, &all);
	signal(SIGXFSZ, SIG_IGN);
	for (int k = 0; k < KINDS - 1; k++) {
		seed = 4711 + (uint64_t)k;
		make_kind(&kinds[k]);
		struct disk *d = open_it(kinds[k].name, DISK_WRITE);
		some = (struct rlimit){ d->platter->size, all.rlim_max };
		int refused = 0;
		for (int i = 0; i < 300; i++) {
			struct op o = random_op(SECTORS);
			some.rlim_cur += chance(3000);
			setrlimit(RLIMIT_FSIZE, &some);
			int rc = apply(d, &o);
			if (rc < 0) {
				assert_int_equal(rc, -EFBIG);
				refused++;
				setrlimit(RLIMIT_FSIZE, &all);
				if (chance(2))
					assert_int_equal(disk_flush(d), 0);
				assert_int_equal(apply(d, &o), 0);
			}
			model(d, &o);
		}
		setrlimit(RLIMIT_FSIZE, &all);
		if (strcmp(kinds[k].name, "full") != 0)
			assert_true(refused > 3);
		same_as_model(d, kinds[k].name);
		assert_int_equal(disk_close(d), 0);
		sound(kinds[k].name, 0, false, kinds[k].name);
	}
}

/* More clusters than the first table of counts can count. */
static void
tables_grow(void **state)
{
	(void)state;
	enum { LONG = 40 << 20, STEP = 1 << 20 };
	struct err e = { 0 };
	uint8_t *m = malloc(STEP);
	make("growing", LONG / 2,
	     (struct disk_options){ .cluster_size = 512, .refcount_bits = 64 });
	struct disk *d = open_it("growing", DISK_WRITE);
	uint64_t first = d->qcow2->counts_n;
	for (int pass = 0; pass < 2; pass++) {
		for (uint64_t at = 0; at < disk_size(d); at += STEP) {
			memset(m, (int)(at / STEP) + 1, STEP);
			struct iovec v = { m, STEP };
			assert_int_equal(disk_write(d, at, &v, 1), 0);
		}
		if (pass == 0)
			assert_int_equal(disk_resize(d, LONG, &e), 0);
	}
	assert_true(d->qcow2->counts_n > first);
	assert_int_equal(disk_snapshot_make(d, "s", &e), 0);
	assert_int_equal(disk_close(d), 0);
	sound("growing", 0, false, "grown");
	d = open_it("growing", DISK_WRITE);
	for (uint64_t at = 0; at < LONG; at += STEP) {
		struct iovec v = { m, STEP };
		assert_int_equal(disk_read(d, at, &v, 1), 0);
		for (int i = 0; i < STEP; i++)
			if (m[i] != (uint8_t)(at / STEP + 1))
				fail_msg("byte %d is %d", (int)at + i, m[i]);
	}
	assert_int_equal(disk_discard(d, 0, LONG), 0);
	assert_int_equal(disk_snapshot_drop(d, "s", &e), 0);
	assert_int_equal(disk_close(d), 0);
	sound("growing", 0, false, "shrunk");
	d = open_it("growing", 0);
	/* pages are larger than its clusters */
	assert_true(platter_used(d->platter) < LONG / 3);
	disk_close(d);
	free(m);
}

static void
lengths(void **state)
{
	(void)state;
	struct err e = { 0 };
	for (int k = 0; k < KINDS; k++) {
		seed = 5 + (uint64_t)k;
		make_kind(&kinds[k]);
		struct disk *d = open_it(kinds[k].name, DISK_WRITE);
		uint64_t size = SECTORS;
		for (int i = 0; i < 60; i++) {
			uint64_t to = chance(SECTORS) + 1;
			if (disk_resize(d, to * SECTOR, &e) < 0)
				fail_msg("%s", e.what);
			for (uint64_t s = size; s < to; s++)
				now[s] = 0;
			size = to;
			assert_int_equal(disk_size(d), size * SECTOR);
			same_as_model(d, "after a resize");
			for (int n = 0; n < 3; n++) {
				struct op o = random_op(size);
				assert_int_equal(apply(d, &o), 0);
				model(d, &o);
			}
			if (i % 10 == 9) {
				assert_int_equal(disk_close(d), 0);
				sound(kinds[k].name, 0, false, kinds[k].name);
				d = open_it(kinds[k].name, DISK_WRITE);
			}
		}
		disk_close(d);
	}
}

/* Several threads, each with sectors of its own. */
struct lane {
	struct disk *d;
	uint64_t n;
	pthread_t thread;
	bool ok;
};

static void *
drive(void *arg)
{
	struct lane *l = arg;
	uint64_t v[SECTOR / 8];
	for (int i = 0; i < 400; i++) {
		uint64_t s = ((uint64_t)i * 37 % (SECTORS / 4)) * 4 + l->n;
		struct iovec io = { v, sizeof v };
		fill((uint8_t *)v, s + 7);
		if (disk_write(l->d, s * SECTOR, &io, 1) < 0 ||
		    (i % 50 == 0 && disk_flush(l->d) < 0) ||
		    disk_read(l->d, s * SECTOR, &io, 1) < 0 || v[0] != s + 7 || v[63] != s + 7)
			return NULL;
	}
	l->ok = true;
	return NULL;
}

static void
threads(void **state)
{
	(void)state;
	struct lane lane[4];
	make_kind(&kinds[0]);
	struct disk *d = open_it(kinds[0].name, DISK_WRITE);
	for (uint64_t i = 0; i < 4; i++) {
		lane[i] = (struct lane){ .d = d, .n = i };
		assert_int_equal(pthread_create(&lane[i].thread, NULL, drive, &lane[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(lane[i].thread, NULL);
		assert_true(lane[i].ok);
	}
	assert_int_equal(disk_close(d), 0);
	sound(kinds[0].name, 0, false, "threads");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(random_work), TEST(random_snapshots), TEST(lengths),
		TEST(tables_grow), TEST(no_room),          TEST(threads),
		TEST(killed),      TEST(the_power_goes),   TEST(the_power_goes_amid_a_snapshot),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
