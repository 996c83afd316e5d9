/* pdh.h -- performance counters: objects, their instances, and what is counted of them.
 *
 * Everything that is counted is a row of pdh_counter.inc.  A query's counters get their raw
 * values together, from one look at the host (struct pdh_sample); what a value means (a rate, a
 * share of time) its type says, of the two last ones (pdh_format.c).  The names are English:
 * there is no other language.
 */
#ifndef LAYER_API_DLL_PDH_H
#define LAYER_API_DLL_PDH_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/socket/netlink.h"

typedef LONG pdh_status;

enum {
	PDH_NAME = 260,
	PDH_PROCESSORS = 64,

	PDH_NEW_DATA = 1,
	PDH_CSTATUS_NO_MACHINE = (int)0x800007d0,
	PDH_CSTATUS_NO_INSTANCE = (int)0x800007d1,
	PDH_MORE_DATA = (int)0x800007d2,
	PDH_NO_DATA = (int)0x800007d5,
	PDH_CALC_NEGATIVE_DENOMINATOR = (int)0x800007d6,
	PDH_CALC_NEGATIVE_VALUE = (int)0x800007d8,
	PDH_CSTATUS_NO_OBJECT = (int)0xc0000bb8,
	PDH_CSTATUS_NO_COUNTER = (int)0xc0000bb9,
	PDH_CSTATUS_INVALID_DATA = (int)0xc0000bba,
	PDH_MEMORY_ALLOCATION_FAILURE = (int)0xc0000bbb,
	PDH_INVALID_HANDLE = (int)0xc0000bbc,
	PDH_INVALID_ARGUMENT = (int)0xc0000bbd,
	PDH_CSTATUS_BAD_COUNTERNAME = (int)0xc0000bc0,
	PDH_INSUFFICIENT_BUFFER = (int)0xc0000bc2,
	PDH_INVALID_DATA = (int)0xc0000bc6,
	PDH_NOT_IMPLEMENTED = (int)0xc0000bd3,
	PDH_STRING_NOT_FOUND = (int)0xc0000bd4,
};

enum pdh_object {
#define OBJECT(id, index, name) PDH_##id,
#define COUNTER(object, id, index, name, type)
#include "layer/api/dll/pdh_counter.inc"
#undef OBJECT
#undef COUNTER
	PDH_OBJECTS
};

enum pdh_counter {
#define OBJECT(id, index, name)
#define COUNTER(object, id, index, name, type) PDH_##object##_##id,
#include "layer/api/dll/pdh_counter.inc"
#undef OBJECT
#undef COUNTER
	PDH_COUNTERS
};

/* PERF_... of winperf.h: how a value is made of raw ones. */
enum pdh_type {
	PDH_RAW = 0x10100,         /* it is one */
	PDH_RATE = 0x10410500,     /* in a second */
	PDH_TIME = 0x20510500,     /* share of 100 ns that passed */
	PDH_TIME_INV = 0x21510500, /* and what is left of them */
	PDH_FRACTION = 0x20020400, /* of a base */
	PDH_ELAPSED = 0x30240500,  /* seconds since a moment */
};

struct pdh_row {
	enum pdh_object object;
	DWORD index;
	const WCHAR *name;
	DWORD type;
};

extern const struct pdh_row pdh_rows[PDH_COUNTERS];
extern const WCHAR *const pdh_object_names[PDH_OBJECTS];
extern const DWORD pdh_object_indices[PDH_OBJECTS];

/* One look at the host. */
struct pdh_sample {
	int64_t now, ticks; /* FILETIME, QueryPerformanceCounter */
	uint32_t processors;
	struct {
		int64_t idle, kernel, user;
	} cpu[PDH_PROCESSORS], total; /* total: of one processor, on average */
	int64_t switches, interrupts, running, threads;
	int64_t memory_total, available, committed, limit, cached;
	struct netlink_link *links; /* own */
	size_t nlink;
};

bool pdh_sample_take(struct pdh_sample *s);
void pdh_sample_free(struct pdh_sample *s);

struct pdh_instance {
	WCHAR name[64];
	uint32_t key; /* the object's own */
};

/* Those that an object has now; the caller frees them.  An object without has one of no name. */
bool pdh_instances(enum pdh_object o, const struct pdh_sample *s, struct pdh_instance **out,
                   size_t *n);
/* false: it is gone. */
bool pdh_value(enum pdh_counter c, const struct pdh_instance *i, const struct pdh_sample *s,
               int64_t *first, int64_t *second);

/* PDH_RAW_COUNTER */
struct pdh_raw {
	DWORD status;
	struct FILETIME stamp;
	int64_t first, second;
	DWORD multiple;
};

/* PDH_FMT_COUNTERVALUE */
struct pdh_formatted {
	DWORD status;
	union {
		LONG l;
		double d;
		int64_t q;
	};
};

enum {
	PDH_FMT_LONG = 0x100,
	PDH_FMT_DOUBLE = 0x200,
	PDH_FMT_LARGE = 0x400,
	PDH_FMT_NOSCALE = 0x1000,
	PDH_FMT_1000 = 0x2000,
	PDH_FMT_NOCAP100 = 0x8000,
};

/* old: the value before it, or NULL. */
pdh_status pdh_format(DWORD type, LONG scale, DWORD format, const struct pdh_raw *now,
                      const struct pdh_raw *old, struct pdh_formatted *out);

/* \\machine\object(parent/instance#index)\counter */
struct pdh_path {
	WCHAR machine[PDH_NAME], object[PDH_NAME], instance[PDH_NAME], parent[PDH_NAME],
	        counter[PDH_NAME];
	bool has_instance;
	int index; /* -1: none was said */
};

pdh_status pdh_path_parse(const WCHAR *text, struct pdh_path *out);
pdh_status pdh_path_machine(const struct pdh_path *p); /* is it ours? */
bool pdh_wild(const WCHAR *pattern, const WCHAR *name); /* with * and ?, without case */
enum pdh_object pdh_find_object(const WCHAR *name);     /* PDH_OBJECTS: there is none */

/* A list of texts, each ended by zero, all of them by another one: as long as it is counted, at
 * is NULL. */
struct pdh_texts {
	WCHAR *at;
	size_t used, room;
};

void pdh_text(struct pdh_texts *t, const WCHAR *text);

#endif
