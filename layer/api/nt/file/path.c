/* SPDX-License-Identifier: Apache-2.0 */
/* What a Windows path means, by its text alone.  Learn: "File path formats on Windows systems",
 * "Naming Files, Paths, and Namespaces". */
#include "layer/api/nt/file/path.h"

#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/text/utf.h"

static bool
separator(WCHAR c)
{
	return c == '\\' || c == '/';
}

static bool
letter(WCHAR c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

enum path_kind
path_kind(const WCHAR *p)
{
	if (separator(p[0])) {
		if (!separator(p[1]))
			return PATH_ROOTED;
		if (p[2] != '.' && p[2] != '?')
			return PATH_UNC;
		return separator(p[3]) ? PATH_DEVICE : p[3] ? PATH_UNC : PATH_DEVICE_ROOT;
	}
	if (p[0] && p[1] == ':')
		return separator(p[2]) ? PATH_DRIVE_ABSOLUTE : PATH_DRIVE_RELATIVE;
	return PATH_RELATIVE;
}

/* -- reserved names ------------------------------------------------------------- */

static const char *const devices[] = {
	"NUL",  "CON",  "CONIN$", "CONOUT$", "AUX",  "PRN",  "COM1", "COM2",
	"COM3", "COM4", "COM5",   "COM6",    "COM7", "COM8", "COM9", "LPT1",
	"LPT2", "LPT3", "LPT4",   "LPT5",    "LPT6", "LPT7", "LPT8", "LPT9",
};

static bool
same(const WCHAR *p, size_t n, const char *name)
{
	size_t i = 0;
	while (i < n && name[i] && utf_upper(p[i]) == (WCHAR)name[i])
		i++;
	return i == n && !name[i];
}

/* A name alone is a device's, also with a colon or spaces behind it; NUL is one in each folder.
 * "NUL.txt" is a file, as it is since Windows 11. */
const char *
path_device(const WCHAR *p)
{
	size_t n = utf_length(p), start = n;
	while (start > 0 && !separator(p[start - 1]))
		start--;
	bool alone = start == 0;
	if (start == 0 && n > 2 && letter(p[0]) && p[1] == ':')
		start = 2;
	if (n - start > 1 && p[n - 1] == ':')
		n--;
	while (n > start && (p[n - 1] == ' ' || p[n - 1] == '.'))
		n--;
	if (n - start < 3 || n - start > 7)
		return NULL;
	char first = (char)(p[start] & ~0x20); /* most names are none, and it shows there */
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (devices[i][0] == first && same(p + start, n - start, devices[i]))
			return alone || i == 0 ? devices[i] : NULL;
	return NULL;
}

/* -- full paths ----------------------------------------------------------------- */

/* Append the parts of p to out (n units, of which `root` stay), without . and .. and what
 * Windows drops from the end of a part; returns the new length. */
static size_t
append(WCHAR *out, size_t n, size_t root, const WCHAR *p)
{
	while (*p) {
		while (separator(*p))
			p++;
		const WCHAR *end = p;
		while (*end && !separator(*end))
			end++;
		size_t len = (size_t)(end - p);
		bool last = !*end;
		if (len == 0)
			break;
		if (len == 2 && p[0] == '.' && p[1] == '.') {
			while (n > root && out[n - 1] != '\\')
				n--;
			if (n > root)
				n--;
			p = end;
			continue;
		}
		if (last)
			while (len && (p[len - 1] == '.' || p[len - 1] == ' '))
				len--;
		else if (p[len - 1] == '.' && (len == 1 || p[len - 2] != '.'))
			len--;
		if (len) {
			if (n && out[n - 1] != '\\')
				out[n++] = '\\';
			memcpy(out + n, p, len * sizeof *out);
			n += len;
		}
		p = end;
	}
	out[n] = 0;
	return n;
}

/* The end of the part behind which .. does not go: \\?\C:\, \\server\share\. */
static size_t
root_of(const WCHAR *p, enum path_kind k)
{
	if (k == PATH_UNC || (k == PATH_DEVICE && same(p + 4, 3, "UNC") && separator(p[7]))) {
		size_t i = k == PATH_UNC ? 2 : 8;
		for (int part = 0; part < 2; part++) {
			while (p[i] && !separator(p[i]))
				i++;
			if (p[i] && part == 0)
				i++;
		}
		return i;
	}
	size_t i = k == PATH_DEVICE_ROOT ? 3 : 4;
	while (p[i] && !separator(p[i]))
		i++;
	return i;
}

static NTSTATUS
finish(WCHAR *out, size_t n, const WCHAR *p, WCHAR **result)
{
	size_t len = utf_length(p);
	/* a backslash at the end stays one */
	bool slash = len && separator(p[len - 1]) && n && out[n - 1] != '\\';
	if (slash) {
		out[n++] = '\\';
		out[n] = 0;
	}
	if (n > 32767) {
		free(out);
		return STATUS_NAME_TOO_LONG;
	}
	*result = out;
	return STATUS_SUCCESS;
}

static NTSTATUS
device_path(const char *name, WCHAR **out)
{
	WCHAR *w = calloc(16, sizeof *w);
	if (!w)
		return STATUS_NO_MEMORY;
	memcpy(w, u"\\\\.\\", 4 * sizeof *w);
	for (size_t i = 0; name[i]; i++)
		w[4 + i] = (WCHAR)name[i];
	*out = w;
	return STATUS_SUCCESS;
}

/* \\server\share, \\.\x, \\?\x: with a root of their own. */
static NTSTATUS
full_rooted(const WCHAR *p, enum path_kind k, WCHAR **result)
{
	size_t n = root_of(p, k);
	WCHAR *out = malloc((utf_length(p) + 4) * sizeof *out);
	if (!out)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < n; i++)
		out[i] = p[i] == '/' ? '\\' : p[i];
	size_t root = n;
	if (separator(p[n]))
		out[n++] = '\\', root = n;
	return finish(out, append(out, n, root, p + root), p, result);
}

NTSTATUS
path_full(const WCHAR *p, WCHAR **result)
{
	if (!p || !*p)
		return STATUS_OBJECT_NAME_INVALID;
	if (p[0] == '\\' && p[1] == '?' && p[2] == '?' && p[3] == '\\') {
		*result = utf_copy(p, utf_length(p));
		return *result ? STATUS_SUCCESS : STATUS_NO_MEMORY;
	}
	enum path_kind k = path_kind(p);
	const char *device =
	        k == PATH_DEVICE || k == PATH_DEVICE_ROOT || k == PATH_UNC ? NULL : path_device(p);
	if (device)
		return device_path(device, result);
	if (k == PATH_UNC || k == PATH_DEVICE || k == PATH_DEVICE_ROOT)
		return full_rooted(p, k, result);
	if (k == PATH_RELATIVE) {
		size_t n;
		WCHAR *out = path_current_room(utf_length(p) + 8, &n);
		if (!out)
			return STATUS_NO_MEMORY;
		if (n > 3 && out[n - 1] == '\\')
			n--;
		return finish(out, append(out, n, 3, p), p, result);
	}
	WCHAR *base = NULL;
	NTSTATUS s = STATUS_SUCCESS;
	if (k == PATH_DRIVE_RELATIVE)
		s = path_current_of(p[0], &base);
	else if (k != PATH_DRIVE_ABSOLUTE && !(base = path_current()))
		s = STATUS_NO_MEMORY;
	if (s < 0)
		return s;
	size_t blen = base ? utf_length(base) : 0;
	WCHAR *out = malloc((blen + utf_length(p) + 8) * sizeof *out);
	if (!out) {
		free(base);
		return STATUS_NO_MEMORY;
	}
	size_t root = 3, n = 3;
	out[0] = k == PATH_DRIVE_ABSOLUTE ? p[0] : base[0];
	out[1] = ':';
	out[2] = '\\';
	if (k == PATH_DRIVE_RELATIVE) {
		memcpy(out, base, blen * sizeof *out);
		n = blen;
		if (n > root && out[n - 1] == '\\')
			n--;
	}
	const WCHAR *rest = k == PATH_DRIVE_ABSOLUTE || k == PATH_DRIVE_RELATIVE ? p + 2 : p;
	free(base);
	return finish(out, append(out, n, root, rest), *rest ? rest : u"", result);
}
