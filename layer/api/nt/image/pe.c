/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/pe.h"

#include <errno.h>
#include <string.h>

#include "base/cur.h"

enum { PAGE = 4096, OPTIONAL_HEADER = 112 };

static int
wrong(struct err *e, const char *what)
{
	fail(e, ENOEXEC, "%s", what);
	err_hint(e, "the file is damaged or not complete; get it again");
	return err_status(e, EXIT_CANNOT_EXEC);
}

/* Programs of other processors are named as such: nothing is wrong with them. */
static int
other_machine(uint16_t machine, struct err *e)
{
	switch (machine) {
	case PE_AMD64: return 0;
	case PE_I386:
		fail(e, ENOEXEC, "a 32-bit Windows program (x86)");
		err_hint(e, "Joist runs 64-bit (x64) Windows programs; get the x64 build");
		break;
	case PE_ARM64:
		fail(e, ENOEXEC, "a Windows program for ARM64");
		err_hint(e, "Joist runs x64 Windows programs; get the x64 build");
		break;
	default:
		fail(e, ENOEXEC, "a Windows program for processor 0x%x", machine);
		err_hint(e, "Joist runs x64 Windows programs; get the x64 build");
	}
	return err_status(e, EXIT_CANNOT_EXEC);
}

static int
optional_header(struct cur c, struct pe *pe, struct err *e)
{
	if (cur_u16(&c) != 0x20b)
		return wrong(e, "its optional header is not that of a 64-bit program");
	cur_bytes(&c, 14);
	pe->entry = cur_u32(&c);
	cur_u32(&c);
	pe->base = cur_u64(&c);
	pe->section_align = cur_u32(&c);
	uint32_t file_align = cur_u32(&c);
	cur_bytes(&c, 16);
	pe->size = cur_u32(&c);
	pe->header_size = cur_u32(&c);
	cur_u32(&c);
	pe->subsystem = cur_u16(&c);
	pe->dll_flags = cur_u16(&c);
	pe->stack_reserve = cur_u64(&c);
	pe->stack_commit = cur_u64(&c);
	cur_bytes(&c, 16);
	cur_u32(&c);
	uint32_t n = cur_u32(&c);
	if (n > PE_DIRECTORIES)
		n = PE_DIRECTORIES;
	for (uint32_t i = 0; i < n; i++) {
		pe->dir[i].rva = cur_u32(&c);
		pe->dir[i].size = cur_u32(&c);
	}
	if (c.bad)
		return wrong(e, "its optional header is cut off");
	/* "PE Format", SectionAlignment and FileAlignment.  Below a page the file is one piece. */
	if (pe->section_align < PAGE || pe->section_align & (pe->section_align - 1) ||
	    file_align & (file_align - 1))
		return wrong(e, "its sections are not aligned to pages");
	if (pe->size == 0 || pe->size > INT32_MAX || pe->base & 0xffff ||
	    pe->base > (UINT64_C(1) << 47) - pe->size)
		return wrong(e, "its image does not fit into the address space");
	if (pe->entry >= pe->size)
		return wrong(e, "its entry point is outside its image");
	for (uint32_t i = 0; i < n; i++) {
		struct pe_range *d = &pe->dir[i];
		if (i == PE_SECURITY) /* a place in the file, not in the image */
			continue;
		if (d->rva > pe->size || d->size > pe->size - d->rva)
			*d = (struct pe_range){ 0 }; /* Windows loads these, too */
	}
	return 0;
}

static int
sections(struct cur c, uint32_t n, uint64_t file_size, struct pe *pe, struct err *e)
{
	uint64_t end = ((uint64_t)pe->header_size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	if (n > PE_MOST_SECTIONS)
		return wrong(e, "it has more sections than Windows allows");
	for (uint32_t i = 0; i < n; i++) {
		struct pe_section *s = &pe->section[pe->nsection++];
		const uint8_t *name = cur_bytes(&c, 8);
		if (!name)
			return wrong(e, "its section headers are cut off");
		memcpy(s->name, name, 8);
		s->size = cur_u32(&c);
		s->rva = cur_u32(&c);
		s->file_size = cur_u32(&c);
		s->offset = cur_u32(&c);
		cur_bytes(&c, 12);
		s->flags = cur_u32(&c);
		if (c.bad)
			return wrong(e, "its section headers are cut off");
		if (s->size == 0)
			s->size = s->file_size;
		uint64_t room = ((uint64_t)s->size + PAGE - 1) & ~(uint64_t)(PAGE - 1);
		if (s->rva % PAGE || s->rva < end ||
		    s->rva + room > ((uint64_t)pe->size + PAGE - 1))
			return wrong(e, "its sections overlap or reach outside its image");
		end = s->rva + room;
		if (s->offset == 0)
			s->file_size = 0;
		if (s->file_size > room)
			s->file_size = (uint32_t)room;
		if (s->file_size && (s->offset > file_size || s->file_size > file_size - s->offset))
			return wrong(e, "it ends before its last section: it was cut off");
	}
	return 0;
}

int
pe_read(const void *bytes, size_t n, uint64_t file_size, struct pe *pe, struct err *e)
{
	struct cur c = cur_of(bytes, n);
	memset(pe, 0, sizeof *pe);
	if (cur_u16(&c) != 0x5a4d)
		return wrong(e, "it does not begin as a Windows program does");
	cur_bytes(&c, 58);
	uint32_t at = cur_u32(&c);
	if (c.bad || at > n || n - at < 24)
		return wrong(e, at > n ? "a program for DOS, or a Windows program that was cut off"
		                       : "its headers are cut off");
	c = cur_of((const uint8_t *)bytes + at, n - at);
	if (cur_u32(&c) != 0x4550)
		return wrong(e, "a program for DOS or 16-bit Windows");
	pe->machine = cur_u16(&c);
	uint16_t nsection = cur_u16(&c);
	pe->stamp = cur_u32(&c);
	cur_u64(&c);
	uint16_t size = cur_u16(&c);
	pe->characteristics = cur_u16(&c);
	if (other_machine(pe->machine, e) < 0)
		return -1;
	const uint8_t *header = cur_bytes(&c, size);
	if (!header || size < OPTIONAL_HEADER)
		return wrong(e, "its headers are cut off");
	if (optional_header(cur_of(header, size), pe, e) < 0)
		return -1;
	if (pe->header_size > file_size || pe->header_size > pe->size ||
	    pe->header_size > PE_MOST_HEADERS)
		return wrong(e, "its headers are longer than the file");
	return sections(c, nsection, file_size, pe, e);
}

const void *
pe_at(const void *image, uint32_t image_size, uint32_t rva, size_t n)
{
	if (rva > image_size || n > image_size - rva)
		return NULL;
	return (const uint8_t *)image + rva;
}

struct pe_range
pe_directory(const void *image, uint32_t image_size, enum pe_directory which)
{
	struct pe_range dir = { 0 };
	uint32_t lfanew;
	const void *p = pe_at(image, image_size, 0x3c, 4);
	if (!p)
		return dir;
	memcpy(&lfanew, p, 4);
	/* "PE Format": the signature, the file header, the optional header of PE32+ */
	const char *head = pe_at(image, image_size, lfanew, 0x88 + PE_DIRECTORIES * sizeof dir);
	if (head)
		memcpy(&dir, head + 0x88 + which * sizeof dir, sizeof dir);
	return dir;
}

const char *
pe_text(const void *image, uint32_t image_size, uint32_t rva)
{
	if (rva >= image_size)
		return NULL;
	const char *s = (const char *)image + rva;
	return memchr(s, 0, image_size - rva) ? s : NULL;
}

uint64_t
pe_offset(const struct pe *pe, uint32_t rva)
{
	if (rva < pe->header_size)
		return rva;
	for (uint32_t i = 0; i < pe->nsection; i++) {
		const struct pe_section *s = &pe->section[i];
		if (rva >= s->rva && rva - s->rva < s->file_size)
			return (uint64_t)s->offset + (rva - s->rva);
	}
	return UINT64_MAX;
}
