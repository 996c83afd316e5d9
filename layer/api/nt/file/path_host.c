/* SPDX-License-Identifier: Apache-2.0 */
/* Drives, and which file of the host a Windows path is. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/file/path_system.h"
#include "layer/api/nt/text/utf.h"

/* -- drives --------------------------------------------------------------------- */

static const struct drive *
drive_of(WCHAR l)
{
	l = utf_upper(l);
	for (size_t i = 0; i < birth.ndrive; i++)
		if (utf_upper(birth.drives[i].letter) == l)
			return &birth.drives[i];
	return NULL;
}

NTSTATUS
path_drives(void)
{
	NTSTATUS bits = 0;
	for (size_t i = 0; i < birth.ndrive; i++) {
		int b = utf_upper(birth.drives[i].letter) - 'A';
		if (b >= 0 && b < 26)
			bits |= 1 << b;
	}
	return bits;
}

int
path_drive_type(WCHAR l)
{
	return drive_of(l) ? 3 : 1; /* DRIVE_FIXED, DRIVE_NO_ROOT_DIR */
}

const char *
path_drive_root(WCHAR l)
{
	const struct drive *d = drive_of(l);
	if (d && utf_upper(l) == 'C')
		path_system(d->root, "");
	return d ? d->root : NULL;
}

bool
path_drive_readonly(WCHAR l)
{
	const struct drive *d = drive_of(l);
	return d && d->readonly;
}

WCHAR *
path_windows(const char *host)
{
	const struct drive *best = NULL;
	size_t length = 0;
	for (size_t i = 0; i < birth.ndrive; i++) {
		const struct drive *d = &birth.drives[i];
		size_t n = strlen(d->root);
		if (!strncmp(host, d->root, n) && (host[n] == '/' || !host[n]) &&
		    (!best || n > length))
			best = d, length = n;
	}
	if (!best)
		return NULL;
	host += length;
	WCHAR *w = malloc((strlen(host) + 4) * sizeof *w);
	if (!w)
		return NULL;
	w[0] = utf_upper(best->letter);
	w[1] = ':';
	w[2] = '\\';
	size_t n = 2 + utf_to_16(w + 2, host, strlen(host));
	if (n < 3)
		n = 3;
	for (size_t i = 2; i < n; i++)
		if (w[i] == '/')
			w[i] = '\\';
	w[n] = 0;
	return w;
}

/* -- which file it is ----------------------------------------------------------- */

/* Is there a part "." or ".." behind this backslash?  Paths that are taken as they are (\\?\) may have
 * them; no file has such a name. */
static bool
is_dots(const WCHAR *p)
{
	size_t n = 1;
	while (n < 3 && p[n] == '.')
		n++;
	return n > 1 && (!p[n] || p[n] == '\\');
}

/* Units that no name has.  A colon would be a stream's; of those only the unnamed one is there,
 * and :$DATA names it. */
static NTSTATUS
check_names(WCHAR *p)
{
	for (size_t i = 0; p[i]; i++) {
		if (p[i] < 32 || p[i] == '"' || p[i] == '<' || p[i] == '>' || p[i] == '|' ||
		    p[i] == '?' || p[i] == '*' || p[i] == '/' || (p[i] == '\\' && is_dots(p + i)))
			return STATUS_OBJECT_NAME_INVALID;
		if (p[i] == ':') {
			if (utf_compare(p + i, u"::$DATA") || i == 0 || p[i - 1] == '\\')
				return STATUS_OBJECT_NAME_INVALID;
			p[i] = 0;
			return STATUS_SUCCESS;
		}
	}
	return STATUS_SUCCESS;
}

/* In one go, when all of it is ASCII and of no meaning; p has n units. */
static bool
plainly(const WCHAR *p, size_t n, char *to)
{
	static const char refused[128] = {
		['"'] = 1, ['<'] = 1, ['>'] = 1, ['|'] = 1,
		['?'] = 1, ['*'] = 1, ['/'] = 1, [':'] = 1,
	};
	for (size_t i = 0; i < n; i++) {
		WCHAR c = p[i];
		if (c < 32 || c > 126 || refused[c] ||
		    (c == '.' && i && p[i - 1] == '\\' && is_dots(p + i - 1)))
			return false;
		to[i] = c == '\\' ? '/' : (char)c;
	}
	return true;
}

/* C:\rest, with backslashes and no dots. */
static NTSTATUS
on_drive(const WCHAR *p, struct path *out)
{
	const struct drive *d = drive_of(p[0]);
	if (!d)
		return STATUS_OBJECT_PATH_NOT_FOUND;
	bool system = utf_upper(p[0]) == 'C';
	p += 2;
	size_t n = utf_length(p), root = strlen(d->root);
	char *host = malloc(root + n * 3 + 2);
	if (!host)
		return STATUS_NO_MEMORY;
	memcpy(host, d->root, root);
	NTSTATUS s = STATUS_SUCCESS;
	if (!plainly(p, n, host + root)) {
		WCHAR *w = utf_copy(p, n);
		s = w ? check_names(w) : STATUS_NO_MEMORY;
		if (s < 0) {
			free(w);
			free(host);
			return s;
		}
		n = utf_length(w);
		for (size_t i = 0; i < n; i++)
			if (w[i] == '\\')
				w[i] = '/';
		n = utf_to_8(host + root, w, n);
		free(w);
	}
	out->folder = n && host[root + n - 1] == '/';
	while (n && host[root + n - 1] == '/')
		n--;
	host[root + n] = 0;
	if (system)
		path_system(d->root, n ? host + root + 1 : "");
	if (!host[0])
		memcpy(host, "/", 2);
	out->host = host;
	out->root = root;
	out->readonly = d->readonly;
	return s;
}

static bool
prefix(const WCHAR *p, const WCHAR *with, size_t *n)
{
	*n = utf_length(with);
	return !utf_compare_n(p, with, *n);
}

static NTSTATUS
to_device(const WCHAR *name, struct path *out)
{
	out->device = utf_copy(name, utf_length(name));
	return out->device ? STATUS_SUCCESS : STATUS_NO_MEMORY;
}

/* What follows \\?\, \\.\ or \??\. */
static NTSTATUS
in_devices(const WCHAR *p, struct path *out)
{
	size_t n;
	if (prefix(p, u"UNC\\", &n))
		return STATUS_BAD_NETWORK_PATH;
	if (p[0] && p[1] == ':' && p[2] == '\\')
		return on_drive(p, out);
	if (prefix(p, u"GLOBALROOT\\", &n)) {
		p += n - 1;
		if (prefix(p, u"\\Device\\", &n))
			return to_device(p, out);
		return STATUS_OBJECT_PATH_NOT_FOUND;
	}
	/* volumes are named by file_volume.c: {4a6f6973-74...-X} with the drive's letter */
	WCHAR l;
	if (prefix(p, u"Volume{", &n) && (l = file_volume_letter(p)) != 0) {
		const WCHAR *rest = p;
		while (*rest && *rest != '\\')
			rest++;
		WCHAR *w = malloc((utf_length(rest) + 4) * sizeof *w);
		if (!w)
			return STATUS_NO_MEMORY;
		w[0] = l;
		w[1] = ':';
		memcpy(w + 2, rest, (utf_length(rest) + 1) * sizeof *w);
		NTSTATUS s = *rest ? on_drive(w, out) : to_device(w, out);
		free(w);
		return s;
	}
	if (!*p)
		return STATUS_OBJECT_NAME_INVALID;
	return to_device(p, out);
}

NTSTATUS
path_parse(const WCHAR *p, struct path *out)
{
	*out = (struct path){ 0 };
	if (!p || !*p)
		return STATUS_OBJECT_PATH_NOT_FOUND;
	if (path_plain(p, out))
		return STATUS_SUCCESS;
	size_t n;
	/* taken as it is: no slashes, no dots */
	if (prefix(p, u"\\\\?\\", &n) || prefix(p, u"\\??\\", &n))
		return in_devices(p + n, out);
	WCHAR *full;
	NTSTATUS s = path_full(p, &full);
	if (s < 0)
		return s;
	switch (path_kind(full)) {
	case PATH_DRIVE_ABSOLUTE: s = on_drive(full, out); break;
	case PATH_DEVICE: s = in_devices(full + 4, out); break;
	case PATH_UNC: s = STATUS_BAD_NETWORK_PATH; break;
	default: s = STATUS_OBJECT_NAME_INVALID;
	}
	free(full);
	return s;
}

void
path_free(struct path *p)
{
	path_leave(p);
	free(p->host);
	free(p->device);
}

/* A name of the native API: absolute in \??\ or \Device\, or relative to a folder's handle. */
NTSTATUS
path_parse_nt(const struct OBJECT_ATTRIBUTES *a, struct path *out)
{
	*out = (struct path){ 0 };
	size_t len = a->ObjectName ? a->ObjectName->Length / sizeof(WCHAR) : 0, n;
	WCHAR *w = len ? utf_copy(a->ObjectName->Buffer, len) : utf_copy(u"", 0);
	if (!w)
		return STATUS_NO_MEMORY;
	NTSTATUS s;
	if (a->RootDirectory) {
		WCHAR *whole;
		s = *w == '\\' ? STATUS_OBJECT_NAME_INVALID
		               : file_path_at(a->RootDirectory, w, &whole);
		if (s >= 0) {
			s = *whole == '\\' ? to_device(whole, out) : on_drive(whole, out);
			free(whole);
		}
	} else if (prefix(w, u"\\??\\", &n) || prefix(w, u"\\DosDevices\\", &n) ||
	           prefix(w, u"\\GLOBAL??\\", &n)) {
		s = in_devices(w + n, out);
	} else if (prefix(w, u"\\Device\\HarddiskVolume", &n) && w[n] > '0' && w[n] <= '9') {
		WCHAR *rest = w + n;
		int k = 0;
		while (*rest >= '0' && *rest <= '9')
			k = k * 10 + (*rest++ - '0');
		*--rest = ':';
		*--rest = (WCHAR)('A' + k - 1);
		s = k > 26 || rest < w ? STATUS_OBJECT_PATH_NOT_FOUND
		    : rest[2]          ? on_drive(rest, out)
		                       : to_device(rest, out);
	} else if (prefix(w, u"\\Device\\NamedPipe\\", &n)) {
		w[n - 5] = 'p', w[n - 4] = 'i', w[n - 3] = 'p', w[n - 2] = 'e';
		s = to_device(w + n - 5, out);
	} else if (prefix(w, u"\\Device\\", &n)) {
		s = to_device(w, out);
	} else {
		s = *w == '\\' ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_OBJECT_PATH_SYNTAX_BAD;
	}
	free(w);
	return s;
}

static NTSTATUS
to_host(NTSTATUS s, struct path *path, bool must_exist, char **out, WCHAR **device)
{
	*out = NULL;
	*device = NULL;
	if (s < 0)
		return s;
	struct stat st;
	if (path->host && lstat(path->host, &st) < 0 && (s = path_search(path, must_exist)) < 0) {
		path_free(path);
		return s;
	}
	path_leave(path);
	*out = path->host;
	*device = path->device;
	return STATUS_SUCCESS;
}

NTSTATUS
path_host(const WCHAR *p, bool must_exist, char **out, WCHAR **device)
{
	struct path path;
	return to_host(path_parse(p, &path), &path, must_exist, out, device);
}

NTSTATUS
path_host_of(const struct OBJECT_ATTRIBUTES *a, bool must_exist, char **out, WCHAR **device)
{
	struct path path;
	return to_host(path_parse_nt(a, &path), &path, must_exist, out, device);
}
