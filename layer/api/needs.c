/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/needs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "layer/api/dll/table.h"
#include "layer/api/nt/image/pe.h"

/* A file whose sections stand where a linker put them. */
struct view {
	const uint8_t *bytes;
	uint64_t size;
	struct pe pe;
};

static const void *
at(const struct view *v, uint64_t rva, size_t n)
{
	uint64_t o = rva < UINT32_MAX ? pe_offset(&v->pe, (uint32_t)rva) : UINT64_MAX;
	return o == UINT64_MAX || o > v->size || n > v->size - o ? NULL : v->bytes + o;
}

static const char *
text(const struct view *v, uint64_t rva)
{
	const char *s = at(v, rva, 1);
	return s && memchr(s, 0, (size_t)(v->size - (uint64_t)((const uint8_t *)s - v->bytes)))
	               ? s
	               : NULL;
}

static const struct table *
table_for(const char *dll)
{
	char name[264];
	size_t n = 0;
	for (; dll[n] && n < sizeof name - 1; n++)
		name[n] = (char)(dll[n] >= 'A' && dll[n] <= 'Z' ? dll[n] + 32 : dll[n]);
	name[n] = '\0';
	const struct table *t = table_of_set(name);
	return t ? t : table_find(name);
}

static bool
done(const struct table *t, const char *dll, const char *name, unsigned ordinal)
{
	if (!t)
		return false;
	if (!name)
		return table_ordinal(t, (uint16_t)ordinal) != NULL;
	bool there = table_symbol(t, name) != NULL;
	if (!there && (strcmp(t->name, "kernelbase") == 0 || strncmp(dll, "api-", 4) == 0))
		for (size_t i = 0; !there && (t = table_next(i)); i++)
			there = table_symbol(t, name) != NULL;
	return there;
}

/* One DLL's functions; those that are not done also in `missing`. */
static json_t *
functions(const struct view *v, const char *dll, uint32_t lookup, json_t *missing)
{
	const struct table *t = table_for(dll);
	json_t *list = json_array();
	for (uint32_t i = 0; i < 65536; i++) {
		uint64_t e;
		const void *p = at(v, (uint64_t)lookup + i * 8, 8);
		if (!p)
			break;
		memcpy(&e, p, 8);
		if (!e)
			break;
		const char *name = e >> 63 ? NULL : text(v, (e & INT32_MAX) + 2);
		if (!name && !(e >> 63))
			break;
		char number[16];
		snprintf(number, sizeof number, "#%u", (unsigned)(e & 0xffff));
		json_array_append_new(list, json_string(name ? name : number));
		if (t && !done(t, dll, name, (unsigned)(e & 0xffff))) {
			char *full = xprintf("%s!%s", dll, name ? name : number);
			json_array_append_new(missing, json_string(full));
			free(full);
		}
	}
	return list;
}

static void
imports(const struct view *v, json_t *o)
{
	json_t *all = json_object(), *missing = json_array(), *own = json_array();
	for (uint32_t i = 0; v->pe.dir[PE_IMPORT].rva && i < 4096; i++) {
		uint32_t d[5];
		const void *p = at(v, (uint64_t)v->pe.dir[PE_IMPORT].rva + i * 20, 20);
		if (!p)
			break;
		memcpy(d, p, 20);
		const char *dll = d[3] ? text(v, d[3]) : NULL;
		if (!dll || !d[4])
			break;
		if (!table_for(dll))
			json_array_append_new(own, json_string(dll));
		json_object_set_new(all, dll, functions(v, dll, d[0] ? d[0] : d[4], missing));
	}
	json_object_set_new(o, "imports", all);
	json_object_set_new(o, "missing", missing);
	json_object_set_new(o, "needs files", own);
}

json_t *
needs_describe(const struct artifact *a, struct err *e)
{
	struct view v = { 0 };
	struct stat st;
	json_t *o = NULL;
	int fd = open(a->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0) {
		fail(e, fd < 0 ? errno : ENOEXEC, "'%s' cannot be read", a->path);
		goto done;
	}
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED) {
		fail(e, errno, "'%s': %s", a->path, strerror(errno));
		goto done;
	}
	v.bytes = map;
	v.size = (uint64_t)st.st_size;
	size_t head = v.size < PE_MOST_HEADERS ? (size_t)v.size : PE_MOST_HEADERS;
	if (pe_read(v.bytes, head, v.size, &v.pe, e) < 0) {
		err_prefix(e, "'%s'", a->path);
	} else {
		o = json_pack("{s:s, s:s, s:b, s:I, s:I, s:I}", "machine", "x64", "subsystem",
		              v.pe.subsystem == PE_SUBSYSTEM_GUI   ? "windows"
		              : v.pe.subsystem == PE_SUBSYSTEM_CUI ? "console"
		                                                   : "other",
		              "dll", (int)(v.pe.characteristics & PE_FILE_DLL), "base",
		              (json_int_t)v.pe.base, "size", (json_int_t)v.pe.size, "stack",
		              (json_int_t)v.pe.stack_reserve);
		imports(&v, o);
	}
	munmap(map, (size_t)st.st_size);
done:
	if (fd >= 0)
		close(fd);
	return o;
}
