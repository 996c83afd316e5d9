/* options.h -- what the user asked of a computer, and its form in the configuration.
 *
 * options_complete() turns flags into annotations dev.joist.rv.*, memory into
 * linux.resources, volumes into mounts; options_read() takes them out again.
 */
#ifndef LAYER_HAL_RV_OPTIONS_H
#define LAYER_HAL_RV_OPTIONS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/spec.h"

enum { OPTIONS_DISKS = 16, OPTIONS_FLASH = 2 };

enum disk_use {
	DISK_OVERLAY,   /* what is written goes to the machine's folder: the image is not changed */
	DISK_DIRECT,    /* rw: to the image itself */
	DISK_READ_ONLY, /* ro */
};

struct options {
	const char *kernel, *initrd, *firmware, *dtb; /* paths or NULL; lent by the spec */
	const char *append;                           /* kernel command line, or NULL */
	const char *trace;                            /* a file for it, or NULL */
	uint64_t memory;                              /* bytes */
	unsigned harts;
	bool deterministic;
	bool no_reboot; /* a reset ends it */
	struct {
		char *path; /* own */
		enum disk_use use;
	} disk[OPTIONS_DISKS];
	unsigned ndisk;
	struct {
		char *path; /* own */
		bool readonly;
	} flash[OPTIONS_FLASH];
	unsigned nflash;
	bool screen; /* with a keyboard and a tablet */
	uint32_t width, height;
	const char *vnc;          /* where its screen is served, or NULL; lent by the spec */
	const char *vnc_password; /* the path of a file, or NULL; lent by the spec */
};

int options_complete(json_t *config, const json_t *request, struct err *e);
int options_read(const struct spec *s, struct options *o, struct err *e);
void options_free(struct options *o); /* a zeroed one too */

#endif
