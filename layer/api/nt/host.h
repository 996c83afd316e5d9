/* host.h -- what the machine below is: processors, memory, names, time zone.
 *
 * host_read() runs before the sandbox closes and opens what can be read only then; it costs a
 * handful of system calls.  Everything else is asked for when a program wants it, by system calls
 * that the sandbox lets through: sched_getaffinity, sysinfo, uname, getrusage.
 */
#ifndef LAYER_API_NT_HOST_H
#define LAYER_API_NT_HOST_H

#include "layer/api/nt/types.h"

struct host {
	char zone[64];          /* POSIX TZ: "CET-1CEST,M3.5.0,M10.5.0/3"; "" is UTC */
	char place[64];         /* of the time zone database: "Europe/Berlin", or "" */
	char user[64];
	int meminfo, statm, stat;       /* of /proc: meminfo, self/statm, stat; or -1 */
};

extern struct host host;

void host_read(char *const *env);       /* env: the host's, or NULL */
/* Before it, in a program's child, where the sandbox is closed already: its parent's descriptors. */
void host_adopt(int meminfo, int stat);

struct host_memory {
	uint64_t total, available, swap_total, swap_free;       /* bytes */
};

uint32_t host_processors(void);         /* that the process may use; 64 at most */
uint64_t host_processor_mask(void);     /* as Windows numbers them: from 0 without gaps */
struct host_memory host_memory(void);
/* Of this process, in bytes: resident now and at most, private, mapped. */
struct host_use {
	uint64_t resident, peak, private, size, faults;
};
struct host_use host_use(void);
/* All processors' times since the start of the host, 100 ns: of one (0...) or of all (-1). */
struct host_times {
	uint64_t idle, kernel, user;    /* kernel is without idle */
};
struct host_times host_times(int processor);
/* A computer's name as NetBIOS has it: 15 letters at most, upper case, up to the first dot. */
void host_short(const char *name, char out[16]);
void host_name(char out[65]);           /* the computer's: of the birth, or the host's own */
void host_random(void *out, size_t n);

/* zone.c */
struct zone_rule {
	int month, week, day, second;   /* Mm.w.d/time; month 0: there is none */
};

struct zone {
	int32_t standard, daylight;     /* minutes: UTC = local + bias */
	struct zone_rule begin, end;    /* of daylight time; local time */
	char standard_name[16], daylight_name[16];
};

void zone_parse(const char *tz, struct zone *z);
const struct zone *zone_host(void);
/* Windows' name of a place of the time zone database, or NULL. */
const char *zone_windows(const char *place);
/* The bias of a moment, 100 ns since 1601; *daylight says which it is. */
int32_t zone_bias(const struct zone *z, int64_t utc, bool *daylight);

#endif
