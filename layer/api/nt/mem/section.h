/* section.h -- memory that files and processes share: sections, and views of them.
 *
 * A section is a file, or memory of its own (a memfd); a view maps a part of it (vm.h) and
 * holds a count, so that closing the handle leaves the views.  Written pages of a view are
 * seen by all others and by who reads the file, at once; those of a copy by nobody.
 */
#ifndef LAYER_API_NT_MEM_SECTION_H
#define LAYER_API_NT_MEM_SECTION_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/mem/vm_pages.h"

extern const struct object_class section_class;

enum {
	SEC_FILE = 0x800000,
	SEC_IMAGE = 0x1000000,
	SEC_RESERVE = 0x4000000,
	SEC_COMMIT = 0x8000000,
	SEC_NOCACHE = 0x10000000,
	SEC_WRITECOMBINE = 0x40000000,
	SEC_LARGE_PAGES = (int)0x80000000,

	SECTION_QUERY = 1,
	SECTION_MAP_WRITE = 2,
	SECTION_MAP_READ = 4,
	SECTION_MAP_EXECUTE = 8,
	SECTION_EXTEND_SIZE = 0x10,
	SECTION_ALL_ACCESS = 0xf001f,
};

struct file;

struct section {
	struct object object; /* first */
	/* fixed */
	int fd;            /* the file's (lent), or own */
	struct file *file; /* own (a count); NULL: memory */
	DWORD protect, attributes;
	struct shared_thing *thing; /* its name is the machine's; or NULL */
	_Atomic bool elsewhere;     /* another process may have it too */
	struct vm_pages pages;      /* vm's: what is committed, of SEC_RESERVE */
	/* under object.lock */
	uint64_t size;
};

/* file NULL: memory, of `size` bytes; size 0: the file's. */
NTSTATUS
section_new(HANDLE file, uint64_t size, DWORD protect, DWORD attributes, struct object **out);
/* A view: *size 0 is all behind the offset; type and where as vm_map(). */
NTSTATUS section_map(struct object *section, void **base, uint64_t offset, SIZE_T *size, DWORD type,
                     DWORD protect, const struct vm_where *where);
NTSTATUS section_unmap(void *address, bool placeholder);
NTSTATUS section_flush(const void *address, SIZE_T *size);
NTSTATUS section_extend(struct object *section, uint64_t *size);
/* The host's path of what a view shows; to be freed.  NULL: it is no file. */
char *section_path(const void *address);

#endif
