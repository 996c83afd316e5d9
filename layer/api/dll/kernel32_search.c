/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_search.c -- where programs are looked for, and what kind of program a file is. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/dll/kernel32_process.h"
#include "layer/api/nt/env.h"
#include "layer/api/nt/image/image.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/file/path.h"

static bool
is_file(const WCHAR *name)
{
	char *host = NULL;
	WCHAR *device = NULL;
	struct stat st;
	bool is = path_host(name, true, &host, &device) >= 0 && host && stat(host, &st) == 0 &&
	          !S_ISDIR(st.st_mode);

	free(host);
	free(device);
	return is;
}

static WCHAR *
join(const WCHAR *folder, size_t n, const WCHAR *name, const WCHAR *extension)
{
	size_t m = nls_length(name), k = extension ? nls_length(extension) : 0;
	WCHAR *s = malloc((n + m + k + 2) * sizeof *s);

	if (!s)
		return NULL;
	memcpy(s, folder, n * sizeof *s);
	if (n && s[n - 1] != '\\' && s[n - 1] != '/')
		s[n++] = '\\';
	memcpy(s + n, name, m * sizeof *s);
	if (k)
		memcpy(s + n + m, extension, k * sizeof *s);
	s[n + m + k] = 0;
	return s;
}

/* Full when it is there, else NULL; takes s. */
static WCHAR *
there(WCHAR *s)
{
	WCHAR *full = NULL;

	if (s && is_file(s) && path_full(s, &full) < 0)
		full = NULL;
	free(s);
	return full;
}

static bool
has_folder(const WCHAR *name)
{
	for (const WCHAR *p = name; *p; p++)
		if (*p == '\\' || *p == '/' || (*p == ':' && p == name + 1))
			return true;
	return false;
}

static bool
has_extension(const WCHAR *name)
{
	bool has = false;

	for (; *name; name++)
		has = *name == '.' || (has && *name != '\\' && *name != '/');
	return has;
}

/* In each folder of a list. */
static WCHAR *
along(const WCHAR *list, const WCHAR *name, const WCHAR *extension)
{
	WCHAR *found = NULL;

	while (list && *list && !found) {
		size_t n = 0;
		while (list[n] && list[n] != ';')
			n++;
		if (n)
			found = there(join(list, n, name, extension));
		list += n + (list[n] == ';');
	}
	return found;
}

/* The folders of a search without a path of its own, in Microsoft's order. */
static WCHAR *
everywhere(const WCHAR *name, const WCHAR *extension)
{
	static const WCHAR *const system[] = { u"C:\\Windows\\System32", u"C:\\Windows" };
	const WCHAR *image = process_image();
	WCHAR *current, *found, *path;
	size_t n = nls_length(image);

	while (n && image[n - 1] != '\\')
		n--;
	found = there(join(image, n, name, extension));
	if (!found && (current = path_current())) {
		found = there(join(current, nls_length(current), name, extension));
		free(current);
	}
	for (int i = 0; i < 2 && !found; i++)
		found = there(join(system[i], nls_length(system[i]), name, extension));
	if (!found && (path = env_dup(u"PATH"))) {
		found = along(path, name, extension);
		free(path);
	}
	return found;
}

WCHAR *
kernel32_search(const WCHAR *path, const WCHAR *name, const WCHAR *extension)
{
	const WCHAR *more = has_extension(name) ? NULL : extension;

	if (has_folder(name))
		return there(join(u"", 0, name, more));
	return path ? along(path, name, more) : everywhere(name, more);
}

/* -- the program of a command line ------------------------------------------------------------- */

static bool
is_cmd(const WCHAR *name)
{
	const WCHAR *base = name;

	for (const WCHAR *p = name; *p; p++)
		if (*p == '\\' || *p == '/')
			base = p + 1;
	return nls_equal_ascii(base, "cmd") || nls_equal_ascii(base, "cmd.exe");
}

static WCHAR *
part(const WCHAR *s, size_t n)
{
	WCHAR *p = malloc((n + 1) * sizeof *p);

	if (p) {
		memcpy(p, s, n * sizeof *p);
		p[n] = 0;
	}
	return p;
}

/* An unquoted name may have spaces: each prefix that ends at one is tried. */
static DWORD
of_line(const WCHAR *line, WCHAR **program)
{
	WCHAR *name;
	size_t n = 0;

	while (*line == ' ' || *line == '\t')
		line++;
	if (*line == '"') {
		for (line++; line[n] && line[n] != '"'; n++)
			;
		if (!(name = part(line, n)))
			return ERROR_NOT_ENOUGH_MEMORY;
		*program = kernel32_search(NULL, name, u".exe");
		bool cmd = is_cmd(name);
		free(name);
		return *program || cmd ? ERROR_SUCCESS : ERROR_FILE_NOT_FOUND;
	}
	for (bool first = true;; first = false) {
		while (line[n] && line[n] != ' ' && line[n] != '\t')
			n++;
		if (!(name = part(line, n)))
			return ERROR_NOT_ENOUGH_MEMORY;
		*program = kernel32_search(NULL, name, u".exe");
		bool cmd = first && is_cmd(name);
		free(name);
		if (*program || cmd)
			return ERROR_SUCCESS;
		if (!line[n])
			return ERROR_FILE_NOT_FOUND;
		n++;
	}
}

DWORD
kernel32_process_find(const WCHAR *application, const WCHAR *line, WCHAR **program)
{
	*program = NULL;
	if (!application)
		return of_line(line, program);
	/* No folder is searched and nothing is added to a name of its own. */
	if (is_file(application)) {
		if (path_full(application, program) < 0)
			return ERROR_NOT_ENOUGH_MEMORY;
		return ERROR_SUCCESS;
	}
	if (is_cmd(application))
		return ERROR_SUCCESS;
	/* PATH_NOT_FOUND when even its folder is not there */
	char *host = NULL;
	WCHAR *device = NULL;
	NTSTATUS s = path_host(application, false, &host, &device);
	free(host);
	free(device);
	return s == STATUS_OBJECT_PATH_NOT_FOUND ? ERROR_PATH_NOT_FOUND : ERROR_FILE_NOT_FOUND;
}

/* -- functions of the program -------------------------------------------------------------------- */

WINAPI DWORD
kernel32_SearchPathW(const WCHAR *path, const WCHAR *name, const WCHAR *extension, DWORD n,
                     WCHAR *buffer, WCHAR **file)
{
	if (!name || !*name)
		return (DWORD)refuse(ERROR_INVALID_PARAMETER);
	WCHAR *found = kernel32_search(path, name, extension);
	if (!found)
		return (DWORD)refuse(ERROR_FILE_NOT_FOUND);
	size_t len = nls_length(found);
	if (len < n && buffer) {
		memcpy(buffer, found, (len + 1) * sizeof *buffer);
		WCHAR *base = buffer;
		for (WCHAR *p = buffer; *p; p++)
			if (*p == '\\')
				base = p + 1;
		if (file)
			*file = base;
	} else {
		len++; /* how much is needed, its final zero too */
	}
	free(found);
	return (DWORD)len;
}

WINAPI DWORD
kernel32_SearchPathA(const char *path, const char *name, const char *extension, DWORD n,
                     char *buffer, char **file)
{
	WCHAR *p = nls_wide_ansi(path), *f = nls_wide_ansi(name), *x = nls_wide_ansi(extension);
	DWORD len = 0;

	if (!f || !*f) {
		refuse(ERROR_INVALID_PARAMETER);
	} else {
		WCHAR *found = kernel32_search(p, f, x);
		char *text = nls_ansi(found);
		if (!text) {
			refuse(ERROR_FILE_NOT_FOUND);
		} else if ((len = (DWORD)strlen(text)) < n && buffer) {
			memcpy(buffer, text, len + 1);
			char *base = strrchr(buffer, '\\');
			if (file)
				*file = base ? base + 1 : buffer;
		} else {
			len++;
		}
		free(text);
		free(found);
	}
	free(p);
	free(f);
	free(x);
	return len;
}

WINAPI BOOL
kernel32_NeedCurrentDirectoryForExePathW(const WCHAR *name)
{
	WCHAR *no = env_dup(u"NoDefaultCurrentDirectoryInExePath");
	bool set = no;

	free(no);
	for (; *name; name++)
		if (*name == '\\')
			return TRUE;
	return !set;
}

WINAPI BOOL
kernel32_NeedCurrentDirectoryForExePathA(const char *name)
{
	return kernel32_NeedCurrentDirectoryForExePathW(strchr(name, '\\') ? u"\\" : u"");
}

WINAPI BOOL
kernel32_GetBinaryTypeW(const WCHAR *name, DWORD *type)
{
	char *host = NULL;
	WCHAR *device = NULL;
	struct pe pe = { 0 };
	struct err e = { 0 };
	NTSTATUS s = name ? path_host(name, true, &host, &device) : STATUS_INVALID_PARAMETER;
	int fd = -1;

	if (s >= 0 && host)
		fd = image_open(host, &pe, &e);
	free(host);
	free(device);
	if (s < 0)
		return succeed(s);
	if (fd >= 0)
		close(fd);
	if (fd < 0 && pe.machine != PE_I386)
		return refuse(193); /* ERROR_BAD_EXE_FORMAT */
	*type = fd < 0 ? 0 : 6;     /* SCS_32BIT_BINARY, SCS_64BIT_BINARY */
	return TRUE;
}

WINAPI BOOL
kernel32_GetBinaryTypeA(const char *name, DWORD *type)
{
	WCHAR *w = nls_wide_ansi(name);
	BOOL is = kernel32_GetBinaryTypeW(w, type);

	free(w);
	return is;
}
