/* pe.h -- a Portable Executable file, read and checked before a byte of it is mapped.
 *
 * "PE Format" of Microsoft's documentation.  What pe_read() has accepted lies within the file
 * and within the image: headers, sections in order and without overlap.  What is inside the
 * image (imports, relocations, resources) is looked at through pe_at(), which cannot overrun.
 */
#ifndef LAYER_API_NT_IMAGE_PE_H
#define LAYER_API_NT_IMAGE_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
	PE_AMD64 = 0x8664,
	PE_I386 = 0x14c,
	PE_ARM64 = 0xaa64,
	PE_FILE_RELOCS_STRIPPED = 1,
	PE_FILE_DLL = 0x2000,
	PE_SCN_EXECUTE = 0x20000000,
	PE_SCN_READ = 0x40000000,
	PE_SCN_WRITE = (int)0x80000000,
	PE_SUBSYSTEM_GUI = 2,
	PE_SUBSYSTEM_CUI = 3,
	PE_MOST_SECTIONS = 96,
	PE_MOST_HEADERS = 65536,
};

enum pe_directory {
	PE_EXPORT, PE_IMPORT, PE_RESOURCE, PE_EXCEPTION, PE_SECURITY, PE_RELOC, PE_DEBUG,
	PE_ARCHITECTURE, PE_GLOBAL, PE_TLS, PE_LOAD_CONFIG, PE_BOUND, PE_IAT, PE_DELAY, PE_CLR,
	PE_RESERVED, PE_DIRECTORIES
};

struct pe_range {
	uint32_t rva, size;
};

struct pe_section {
	char name[9];
	uint32_t rva, size;             /* in the image */
	uint32_t offset, file_size;     /* in the file; file_size <= size rounded to a page */
	uint32_t flags;
};

struct pe {
	uint16_t machine, characteristics, subsystem, dll_flags;
	uint32_t entry;                 /* RVA, 0: none */
	uint64_t base, stack_reserve, stack_commit;
	uint32_t size, header_size, section_align, stamp;
	struct pe_range dir[PE_DIRECTORIES];
	struct pe_section section[PE_MOST_SECTIONS];
	uint32_t nsection;
};

/* The first n bytes (PE_MOST_HEADERS, or all there are) of a file of file_size bytes.  ENOEXEC
 * with a sentence that begins with what is wrong: the caller puts the file's name before it. */
int pe_read(const void *bytes, size_t n, uint64_t file_size, struct pe *pe, struct err *e);

/* A mapped image: n bytes at an RVA, or NULL when they are not all inside. */
const void *pe_at(const void *image, uint32_t image_size, uint32_t rva, size_t n);
/* A directory of a mapped image as its headers name it now: they were checked when it was
 * mapped, but a relocation, an import or the program may have written there.  Zero: none. */
struct pe_range pe_directory(const void *image, uint32_t image_size, enum pe_directory which);
/* A string there, ended inside the image; or NULL. */
const char *pe_text(const void *image, uint32_t image_size, uint32_t rva);
/* A file of which only sections are known: where an RVA is in it; UINT64_MAX: nowhere. */
uint64_t pe_offset(const struct pe *pe, uint32_t rva);

#endif
