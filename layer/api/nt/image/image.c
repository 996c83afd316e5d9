/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/image/image.h"
#include "layer/api/nt/image/image_cache.h"
#include "layer/api/nt/mem/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"

enum { PAGE = 4096, GRANULE = 65536, CACHED = 4 << 20, SMALL = 1 << 20 };

static size_t
pages(size_t n)
{
	return (n + PAGE - 1) & ~(size_t)(PAGE - 1);
}

int
image_open(const char *path, struct pe *pe, struct err *e)
{
	uint8_t head[PE_MOST_HEADERS];
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		int why = errno;
		fail(e, why, "'%s': %s", path, strerror(why));
		err_hint(e, "check the path of the program");
		return err_status(e, why == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_EXEC);
	}
	ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? pread(fd, head, PAGE, 0) : -1;
	if (n == PAGE && st.st_size > PAGE) {
		/* most headers are within a page; those of others are read whole */
		uint32_t at, size;
		memcpy(&at, head + 0x3c, 4);
		memcpy(&size, at < PAGE - 0x58 ? head + at + 0x54 : (uint8_t *)"\xff\xff\xff\xff",
		       4);
		if (size > PAGE) {
			n = pread(fd, head, sizeof head, 0);
		}
	}
	if (n < 0) {
		fail(e, EISDIR, "'%s' cannot be read", path);
		err_hint(e, "give the path of a program");
		err_status(e, EXIT_CANNOT_EXEC);
	} else if (pe_read(head, (size_t)n, (uint64_t)st.st_size, pe, e) < 0) {
		err_prefix(e, "'%s'", path);
	} else {
		return fd;
	}
	close(fd);
	return -1;
}

/* The address that it wants, or any on a 64 KiB boundary. */
static void *
reserve(const struct pe *pe)
{
	size_t n = pages(pe->size);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
	/* one call in place of a fault for each page */
	if (n <= SMALL)
		flags |= MAP_POPULATE;
	int prot = PROT_READ | PROT_WRITE;
	char *p = MAP_FAILED;
	if (pe->base >= GRANULE)
		p = mmap((void *)(uintptr_t)pe->base, n, prot, flags | MAP_FIXED_NOREPLACE, -1, 0);
	if (p != MAP_FAILED && (uintptr_t)p == pe->base)
		return p;
	if (p != MAP_FAILED)
		munmap(p, n);
	p = mmap(NULL, n + GRANULE, prot, flags, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t skip = -(uintptr_t)p & (GRANULE - 1);
	if (skip)
		munmap(p, skip);
	munmap(p + skip + n, GRANULE - skip);
	return p + skip;
}

/* Parts that lie one behind the other in the file, for one call. */
struct parts {
	int fd;
	uint64_t at, end; /* in the file */
	int n;
	struct iovec v[32];
};

static int
read_parts(struct parts *p)
{
	struct iovec *v = p->v;
	while (p->at < p->end) {
		ssize_t k = preadv(p->fd, v, (int)(p->v + p->n - v), (off_t)p->at);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return -1;
		p->at += (uint64_t)k;
		for (size_t left = (size_t)k; left;) {
			size_t part = left < v->iov_len ? left : v->iov_len;
			v->iov_base = (char *)v->iov_base + part;
			v->iov_len -= part;
			left -= part;
			v += !v->iov_len;
		}
	}
	p->n = 0;
	return 0;
}

static int
read_part(struct parts *p, void *to, size_t n, uint64_t at)
{
	if (!n)
		return 0;
	if (p->n && (at != p->end || p->n == (int)(sizeof p->v / sizeof *p->v)) &&
	    read_parts(p) < 0)
		return -1;
	if (!p->n)
		p->at = at;
	p->v[p->n++] = (struct iovec){ to, n };
	p->end = at + n;
	return 0;
}

/* Its bytes from the file: mapped where both sides lie on a page alike, else read. */
static int
fill(int fd, char *base, const struct pe *pe)
{
	struct parts p = { .fd = fd };
	if (read_part(&p, base, pe->header_size, 0) < 0)
		return -1;
	for (uint32_t i = 0; i < pe->nsection; i++) {
		const struct pe_section *s = &pe->section[i];
		size_t whole = s->offset % PAGE == 0 ? s->file_size & ~(size_t)(PAGE - 1) : 0;
		if (whole && mmap(base + s->rva, whole, PROT_READ | PROT_WRITE,
		                  MAP_PRIVATE | MAP_FIXED, fd, s->offset) == MAP_FAILED)
			return -1;
		if (read_part(&p, base + s->rva + whole, s->file_size - whole, s->offset + whole) <
		    0)
			return -1;
	}
	return read_parts(&p);
}

/* From the cache's file of it, where each byte stands at its RVA. */
static int
fill_cached(int fd, char *base, const struct pe *pe)
{
	int from = pe->size >= CACHED ? image_cache_open(fd, pe) : -1;
	void *p = MAP_FAILED;
	if (from < 0)
		return -1;
	p = mmap(base, pages(pe->size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, from, 0);
	close(from);
	return p == MAP_FAILED ? -1 : 0;
}

/* -- relocation ------------------------------------------------------------------------------ */

/* "PE Format", The .reloc Section: blocks of a page each. */
static int
relocate(char *base, const struct pe *pe)
{
	uint64_t delta = (uintptr_t)base - pe->base;
	uint32_t at = pe->dir[PE_RELOC].rva, left = pe->dir[PE_RELOC].size;
	while (delta && left >= 8) {
		uint32_t page, size;
		memcpy(&page, base + at, 4);
		memcpy(&size, base + at + 4, 4);
		if (size < 8 || size > left)
			return -1;
		for (uint32_t i = 8; i + 2 <= size; i += 2) {
			uint16_t entry;
			uint64_t v;
			memcpy(&entry, base + at + i, 2);
			uint64_t where = (uint64_t)page + (entry & 0xfff);
			switch (entry >> 12) {
			case 0: continue; /* IMAGE_REL_BASED_ABSOLUTE: padding */
			case 10: break;   /* IMAGE_REL_BASED_DIR64 */
			default: return -1;
			}
			if (where + 8 > pe->size)
				return -1;
			memcpy(&v, base + where, 8);
			v += delta;
			memcpy(base + where, &v, 8);
		}
		at += size;
		left -= size;
	}
	return 0;
}

void *
image_map(int fd, const char *path, const struct pe *pe, struct err *e)
{
	char *base = reserve(pe);
	const char *why = "there is no room for its image";
	if (!base) {
		fail(e, ENOMEM, "'%s': %s", path, why);
		err_hint(e, "it wants %u KiB of address space", pe->size / 1024);
		return NULL;
	}
	if (fill_cached(fd, base, pe) < 0 && fill(fd, base, pe) < 0)
		why = "it cannot be read";
	else if ((uintptr_t)base != pe->base && pe->characteristics & PE_FILE_RELOCS_STRIPPED &&
	         pe->entry) /* one without code holds data, which stands anywhere */
		why = "its fixed address is taken, and it cannot be moved";
	else if (relocate(base, pe) < 0)
		why = "its relocations are damaged";
	else
		return base;
	image_unmap(base, pe);
	fail(e, ENOEXEC, "'%s': %s", path, why);
	err_hint(e, "the file is damaged or not complete; get it again");
	err_status(e, EXIT_CANNOT_EXEC);
	return NULL;
}

static int
prot_of(const struct pe_section *s)
{
	int prot = 0;
	if (s->flags & PE_SCN_READ)
		prot |= PROT_READ;
	if (s->flags & (uint32_t)PE_SCN_WRITE)
		prot |= PROT_WRITE;
	if (s->flags & PE_SCN_EXECUTE)
		prot |= PROT_EXEC;
	return prot;
}

/* Neighbours that are alike in one call: all is readable and writable before. */
int
image_protect(void *base, const struct pe *pe, struct err *e)
{
	size_t from = 0, to = pages(pe->header_size);
	int prot = PROT_READ, rc = 0;
	for (uint32_t i = 0; rc == 0 && i < pe->nsection; i++) {
		const struct pe_section *s = &pe->section[i];
		if (!s->size)
			continue;
		if (prot_of(s) != prot || s->rva != to) {
			if (prot != (PROT_READ | PROT_WRITE))
				rc = mprotect((char *)base + from, to - from, prot);
			prot = prot_of(s);
			from = s->rva;
		}
		to = s->rva + pages(s->size);
	}
	if (rc == 0 && prot != (PROT_READ | PROT_WRITE))
		rc = mprotect((char *)base + from, to - from, prot);
	return rc == 0 ? 0
	               : fail(e, errno, "its sections cannot be protected: %s", strerror(errno));
}

void
image_unmap(void *base, const struct pe *pe)
{
	vm_forget(base);
	munmap(base, pages(pe->size));
}
