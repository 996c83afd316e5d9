/* SPDX-License-Identifier: Apache-2.0 */
/* pdh_object.c -- what the host says of each object that is counted. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/dll/pdh.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/object/post.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/sysinfo.h"
#include "layer/api/nt/text/utf.h"
#include "layer/api/nt/thread/thread.h"

const struct pdh_row pdh_rows[PDH_COUNTERS] = {
#define OBJECT(id, index, name)
#define COUNTER(object, id, index, name, type)                                                     \
	[PDH_##object##_##id] = { PDH_##object, index, name, type },
#include "layer/api/dll/pdh_counter.inc"
#undef OBJECT
#undef COUNTER
};

const WCHAR *const pdh_object_names[PDH_OBJECTS] = {
#define OBJECT(id, index, name) [PDH_##id] = name,
#define COUNTER(object, id, index, name, type)
#include "layer/api/dll/pdh_counter.inc"
#undef OBJECT
#undef COUNTER
};

const DWORD pdh_object_indices[PDH_OBJECTS] = {
#define OBJECT(id, index, name) [PDH_##id] = index,
#define COUNTER(object, id, index, name, type)
#include "layer/api/dll/pdh_counter.inc"
#undef OBJECT
#undef COUNTER
};

enum { TOTAL = UINT32_MAX, STAT = 1 << 17, JIFFY = 100000 /* 100 ns */ };

/* -- one look ---------------------------------------------------------------------------------- */

static int64_t
number(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	return p ? strtoll(p + strlen(key), NULL, 10) : 0;
}

static void
read_stat(struct pdh_sample *s)
{
	char *text = host.stat < 0 ? NULL : malloc(STAT);
	ssize_t n = text ? pread(host.stat, text, STAT - 1, 0) : -1;
	if (n > 0) {
		text[n] = 0;
		s->switches = number(text, "\nctxt ");
		s->interrupts = number(text, "\nintr ");
		s->running = number(text, "\nprocs_running ");
	}
	free(text);
	for (uint32_t i = 0; i < s->processors; i++) {
		struct host_times t = host_times((int)i);
		s->cpu[i].idle = (int64_t)t.idle;
		s->cpu[i].kernel = (int64_t)t.kernel;
		s->cpu[i].user = (int64_t)t.user;
		s->total.idle += s->cpu[i].idle;
		s->total.kernel += s->cpu[i].kernel;
		s->total.user += s->cpu[i].user;
	}
	s->total.idle /= s->processors;
	s->total.kernel /= s->processors;
	s->total.user /= s->processors;
}

static void
read_memory(struct pdh_sample *s)
{
	char text[4096];
	struct host_memory m = host_memory();
	ssize_t n = host.meminfo < 0 ? -1 : pread(host.meminfo, text, sizeof text - 1, 0);
	s->memory_total = (int64_t)m.total;
	s->available = (int64_t)m.available;
	s->limit = (int64_t)(m.total + m.swap_total);
	s->committed = (int64_t)(m.total - m.available + m.swap_total - m.swap_free);
	if (n > 0) {
		text[n] = 0;
		s->cached = number(text, "\nCached:") * 1024;
	}
}

bool
pdh_sample_take(struct pdh_sample *s)
{
	memset(s, 0, sizeof *s);
	s->now = clock_now();
	s->ticks = (int64_t)clock_counter();
	s->processors = host_processors();
	read_stat(s);
	read_memory(s);
	return netlink_links(&s->links, &s->nlink) && process_share(NULL) >= 0;
}

void
pdh_sample_free(struct pdh_sample *s)
{
	free(s->links);
	s->links = NULL;
}

/* -- instances ---------------------------------------------------------------------------------- */

struct list {
	struct pdh_instance *at;
	size_t n, room;
};

static void
ascii(WCHAR *out, const char *text)
{
	while ((*out++ = (BYTE)*text++))
		;
}

static struct pdh_instance *
add(struct list *l, const char *name, uint32_t key)
{
	if (l->n == l->room)
		return NULL;
	struct pdh_instance *i = &l->at[l->n++];
	ascii(i->name, name);
	i->key = key;
	return i;
}

static void
processors(const struct pdh_sample *s, struct list *l, bool nodes)
{
	for (uint32_t i = 0; i < s->processors; i++) {
		char name[16];
		(void)snprintf(name, sizeof name, nodes ? "0,%u" : "%u", i);
		add(l, name, i);
	}
	if (nodes)
		add(l, "0,_Total", TOTAL);
	add(l, "_Total", TOTAL);
}

/* A program's name without its folder and .exe. */
static void
name_process(struct shared_process *p, WCHAR out[64])
{
	WCHAR image[MAX_PATH];
	const WCHAR *at = shared_image(p, image), *base = at;
	size_t n = 0;
	for (; *at; at++)
		if (*at == '\\')
			base = at + 1;
	for (; base[n] && n < 63; n++)
		out[n] = base[n];
	if (n > 4 && !utf_compare_n(out + n - 4, u".exe", 4))
		n -= 4;
	out[n] = 0;
}

static void
processes(struct list *l)
{
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		struct pdh_instance *x = shared_lives(p) ? add(l, "", i) : NULL;
		if (x)
			name_process(p, x->name);
	}
	add(l, "_Total", TOTAL);
}

WINAPI DWORD kernel32_GetLogicalDrives(void);
WINAPI BOOL kernel32_GetDiskFreeSpaceExW(const WCHAR *path, ULONGLONG *free, ULONGLONG *total,
                                         ULONGLONG *all_free);

static void
disks(struct list *l)
{
	DWORD drives = kernel32_GetLogicalDrives();
	for (uint32_t i = 0; i < 26; i++) {
		char name[] = { (char)('A' + i), ':', 0 };
		if (drives >> i & 1)
			add(l, name, i);
	}
	add(l, "_Total", TOTAL);
}

bool
pdh_instances(enum pdh_object o, const struct pdh_sample *s, struct pdh_instance **out, size_t *n)
{
	struct list l = { NULL, 0, s->processors + s->nlink + SHARED_PROCESSES + 32 };
	if (!(l.at = calloc(l.room, sizeof *l.at)))
		return false;
	switch (o) {
	case PDH_PROCESSOR: processors(s, &l, false); break;
	case PDH_INFORMATION: processors(s, &l, true); break;
	case PDH_PROCESS: processes(&l); break;
	case PDH_LOGICALDISK: disks(&l); break;
	case PDH_NETWORK:
		for (uint32_t i = 0; i < s->nlink; i++)
			add(&l, s->links[i].name, s->links[i].index);
		break;
	default: add(&l, "", 0); break;
	}
	*out = l.at;
	*n = l.n;
	return true;
}

/* -- values ----------------------------------------------------------------------------------------- */

static bool
processor(enum pdh_counter c, uint32_t key, const struct pdh_sample *s, int64_t *v)
{
	if (key != TOTAL && key >= s->processors)
		return false;
	int64_t idle = key == TOTAL ? s->total.idle : s->cpu[key].idle;
	int64_t kernel = key == TOTAL ? s->total.kernel : s->cpu[key].kernel;
	int64_t user = key == TOTAL ? s->total.user : s->cpu[key].user;
	bool of_user = c == PDH_PROCESSOR_USER || c == PDH_INFORMATION_USER;
	bool of_kernel = c == PDH_PROCESSOR_KERNEL || c == PDH_INFORMATION_KERNEL;
	*v = of_user ? user : of_kernel ? kernel : idle;
	return true;
}

static int64_t
machine_threads(void)
{
	int64_t n = 0;
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		struct shared_process *p = &shared->process[i];
		if (shared_lives(p))
			n += p == shared_self() ? thread_count() : atomic_load(&p->threads);
	}
	return n;
}

static int64_t
machine_processes(void)
{
	int64_t n = 0;
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++)
		n += shared_lives(&shared->process[i]);
	return n;
}

static int64_t
of_system(enum pdh_counter c, const struct pdh_sample *s)
{
	switch (c) {
	case PDH_SYSTEM_QUEUE: return s->running > s->processors ? s->running - s->processors : 0;
	case PDH_SYSTEM_SWITCHES: return s->switches;
	case PDH_SYSTEM_PROCESSES: return machine_processes();
	case PDH_SYSTEM_THREADS: return machine_threads();
	default: return s->now - (int64_t)clock_ticks() * 10000; /* when it was started */
	}
}

static int64_t
of_memory(enum pdh_counter c, const struct pdh_sample *s)
{
	switch (c) {
	case PDH_MEMORY_AVAILABLE: return s->available;
	case PDH_MEMORY_AVAILABLE_KB: return s->available >> 10;
	case PDH_MEMORY_AVAILABLE_MB: return s->available >> 20;
	case PDH_MEMORY_LIMIT: return s->limit;
	case PDH_MEMORY_CACHE: return s->cached;
	default: return s->committed;
	}
}

/* What another process uses it says itself; of its time it says nothing while it lives. */
static bool
of_process(enum pdh_counter c, struct shared_process *p, int64_t *v)
{
	struct post_memory m = { .what = POST_USE };
	struct process *other;
	int64_t kernel = 0, user = 0;
	bool own = p == shared_self();
	switch (c) {
	case PDH_PROCESS_ID: *v = atomic_load(&p->id); return true;
	case PDH_PROCESS_PARENT: *v = p->parent; return true;
	case PDH_PROCESS_THREADS: *v = own ? thread_count() : atomic_load(&p->threads); return true;
	case PDH_PROCESS_ELAPSED: *v = (int64_t)p->created; return true;
	case PDH_PROCESS_TIME:
	case PDH_PROCESS_USER:
	case PDH_PROCESS_KERNEL:
		if (!own)
			return false;
		sysinfo_times(&kernel, &user);
		*v = c == PDH_PROCESS_TIME ? kernel + user : c == PDH_PROCESS_USER ? user : kernel;
		return true;
	default: break;
	}
	if (own) {
		m.use = host_use();
	} else {
		if (process_open(atomic_load(&p->id), &other) < 0)
			return false;
		NTSTATUS s = post_memory(other, &m);
		object_unref(&other->object);
		if (s < 0)
			return false;
	}
	*v = (int64_t)(c == PDH_PROCESS_FAULTS    ? m.use.faults
	               : c == PDH_PROCESS_VIRTUAL ? m.use.size
	               : c == PDH_PROCESS_PEAK    ? m.use.peak
	               : c == PDH_PROCESS_PRIVATE ? m.use.private
	                                          : m.use.resident);
	return true;
}

static bool
process(enum pdh_counter c, uint32_t key, int64_t *v)
{
	if (key != TOTAL)
		return key < SHARED_PROCESSES && shared_lives(&shared->process[key]) &&
		       of_process(c, &shared->process[key], v);
	/* identities have no sum */
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++) {
		int64_t one;
		if (c != PDH_PROCESS_ID && c != PDH_PROCESS_PARENT && c != PDH_PROCESS_ELAPSED &&
		    shared_lives(&shared->process[i]) && of_process(c, &shared->process[i], &one))
			*v += one;
	}
	return true;
}

static bool
disk(enum pdh_counter c, uint32_t key, int64_t *first, int64_t *second)
{
	ULONGLONG free_bytes = 0, total = 0;
	DWORD drives = key == TOTAL ? kernel32_GetLogicalDrives() : 1u << (key & 31);
	for (uint32_t i = 0; i < 26; i++) {
		WCHAR root[] = { (WCHAR)('A' + i), ':', '\\', 0 };
		ULONGLONG f, t, all;
		if (!(drives >> i & 1))
			continue;
		if (kernel32_GetDiskFreeSpaceExW(root, &f, &t, &all)) {
			free_bytes += all;
			total += t;
		} else if (key != TOTAL) {
			return false;
		}
	}
	*first = (int64_t)(free_bytes >> 20);
	*second = c == PDH_LOGICALDISK_FREE_SHARE ? (int64_t)(total >> 20) : 0;
	return true;
}

static bool
network(enum pdh_counter c, uint32_t key, const struct pdh_sample *s, int64_t *v)
{
	const struct netlink_link *l = NULL;
	for (size_t i = 0; i < s->nlink; i++)
		if (s->links[i].index == key)
			l = &s->links[i];
	if (!l)
		return false;
	switch (c) {
	case PDH_NETWORK_RECEIVED: *v = (int64_t)l->in.bytes; break;
	case PDH_NETWORK_SENT: *v = (int64_t)l->out.bytes; break;
	case PDH_NETWORK_TOTAL: *v = (int64_t)(l->in.bytes + l->out.bytes); break;
	case PDH_NETWORK_PACKETS_IN: *v = (int64_t)l->in.packets; break;
	case PDH_NETWORK_PACKETS_OUT: *v = (int64_t)l->out.packets; break;
	case PDH_NETWORK_PACKETS: *v = (int64_t)(l->in.packets + l->out.packets); break;
	default: *v = (int64_t)l->speed; break;
	}
	return true;
}

bool
pdh_value(enum pdh_counter c, const struct pdh_instance *i, const struct pdh_sample *s,
          int64_t *first, int64_t *second)
{
	*first = *second = 0;
	switch (pdh_rows[c].type) {
	case PDH_RATE: *second = s->ticks; break;
	case PDH_TIME:
	case PDH_TIME_INV:
	case PDH_ELAPSED: *second = s->now; break;
	default: break;
	}
	switch (pdh_rows[c].object) {
	case PDH_PROCESSOR:
	case PDH_INFORMATION: return processor(c, i->key, s, first);
	case PDH_PROCESS: return process(c, i->key, first);
	case PDH_LOGICALDISK: return disk(c, i->key, first, second);
	case PDH_NETWORK: return network(c, i->key, s, first);
	case PDH_MEMORY:
		*first = of_memory(c, s);
		if (c == PDH_MEMORY_COMMITTED_SHARE)
			*second = s->limit;
		return true;
	default: *first = of_system(c, s); return true;
	}
}
