/* SPDX-License-Identifier: Apache-2.0 */
/* Drives and volumes. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/file_fs.h"
#include "layer/api/nt/file/file_info.h"
#include "layer/api/nt/file/file_volume.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/text/utf.h"

WINAPI DWORD
kernel32_GetLogicalDrives(void)
{
	return (DWORD)path_drives();
}

WINAPI DWORD
kernel32_GetLogicalDriveStringsW(DWORD room, WCHAR *out)
{
	DWORD bits = (DWORD)path_drives(), n = (DWORD)__builtin_popcount(bits) * 4;
	if (n + 1 > room)
		return n + 1;
	for (int i = 0; i < 26; i++)
		if (bits >> i & 1) {
			*out++ = (WCHAR)('A' + i);
			*out++ = ':';
			*out++ = '\\';
			*out++ = 0;
		}
	*out = 0;
	return n;
}

WINAPI DWORD
kernel32_GetLogicalDriveStringsA(DWORD room, char *out)
{
	WCHAR w[26 * 4 + 1];
	DWORD n = kernel32_GetLogicalDriveStringsW(sizeof w / sizeof *w, w);
	if (n + 1 > room)
		return n + 1;
	for (DWORD i = 0; i <= n; i++)
		out[i] = (char)w[i];
	return n;
}

/* The drive of a path, NULL: of the current folder; 0: it has none. */
static WCHAR
letter_of(const WCHAR *p)
{
	WCHAR *full;
	if (!p || !*p)
		p = u".";
	if (path_full(p, &full) < 0)
		return 0;
	WCHAR l = 0;
	if (path_kind(full) == PATH_DRIVE_ABSOLUTE)
		l = full[0];
	else if (path_kind(full) == PATH_DEVICE && full[5] == ':')
		l = full[4];
	else if (path_kind(full) == PATH_DEVICE)
		l = file_volume_letter(full + 4);
	free(full);
	l = utf_upper(l);
	return l >= 'A' && l <= 'Z' ? l : 0;
}

WINAPI UINT
kernel32_GetDriveTypeW(const WCHAR *root)
{
	WCHAR l = letter_of(root);
	return l ? (UINT)path_drive_type(l) : 1;
}

WINAPI UINT
kernel32_GetDriveTypeA(const char *root)
{
	WCHAR *w = root ? utf_wide(root) : NULL;
	UINT t = kernel32_GetDriveTypeW(w);
	free(w);
	return t;
}

/* The file system behind a path: of its drive, or of the folder itself when that is there. */
static NTSTATUS
space(const WCHAR *name, struct statvfs *v)
{
	struct path p;
	NTSTATUS s = path_parse(name && *name ? name : u".", &p);
	if (s < 0)
		return s;
	if (p.device)
		s = STATUS_INVALID_PARAMETER;
	else if (statvfs(p.host, v) < 0 && (s = path_search(&p, true)) >= 0 &&
	         statvfs(p.host, v) < 0)
		s = status_errno(errno);
	path_free(&p);
	return s;
}

WINAPI BOOL
kernel32_GetDiskFreeSpaceExW(const WCHAR *name, uint64_t *available, uint64_t *total,
                             uint64_t *free_bytes)
{
	struct statvfs v;
	NTSTATUS s = space(name, &v);
	if (s < 0)
		return succeed(s == STATUS_OBJECT_NAME_NOT_FOUND ? STATUS_OBJECT_PATH_NOT_FOUND
		                                                 : s);
	if (available)
		*available = (uint64_t)v.f_bavail * v.f_frsize;
	if (total)
		*total = (uint64_t)v.f_blocks * v.f_frsize;
	if (free_bytes)
		*free_bytes = (uint64_t)v.f_bfree * v.f_frsize;
	return TRUE;
}

WINAPI BOOL
kernel32_GetDiskFreeSpaceExA(const char *name, uint64_t *available, uint64_t *total,
                             uint64_t *free_bytes)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	BOOL ok = kernel32_GetDiskFreeSpaceExW(w, available, total, free_bytes);
	free(w);
	return ok;
}

WINAPI BOOL
kernel32_GetDiskFreeSpaceW(const WCHAR *name, DWORD *sectors, DWORD *bytes, DWORD *unused,
                           DWORD *clusters)
{
	struct statvfs v;
	NTSTATUS s = space(name, &v);
	if (s < 0)
		return succeed(s);
	uint64_t all = v.f_blocks, avail = v.f_bavail;
	if (sectors)
		*sectors = v.f_frsize >= 512 ? (DWORD)(v.f_frsize / 512) : 1;
	if (bytes)
		*bytes = 512;
	if (unused)
		*unused = avail > UINT32_MAX ? UINT32_MAX : (DWORD)avail;
	if (clusters)
		*clusters = all > UINT32_MAX ? UINT32_MAX : (DWORD)all;
	return TRUE;
}

WINAPI BOOL
kernel32_GetDiskFreeSpaceA(const char *name, DWORD *sectors, DWORD *bytes, DWORD *unused,
                           DWORD *clusters)
{
	WCHAR *w = name ? utf_wide(name) : NULL;
	BOOL ok = kernel32_GetDiskFreeSpaceW(w, sectors, bytes, unused, clusters);
	free(w);
	return ok;
}

static BOOL
volume(struct file *f, WCHAR *name, DWORD room, DWORD *serial, DWORD *longest, DWORD *flags,
       WCHAR *system, DWORD system_room)
{
	char buf[256];
	ULONG_PTR n;
	NTSTATUS s = file_info_volume(f, 1, buf, sizeof buf, &n);
	if (s < 0)
		return succeed(s);
	ULONG length;
	memcpy(&length, buf + 12, 4);
	if (serial)
		memcpy(serial, buf + 8, 4);
	if (name) {
		if (length / 2 + 1 > room)
			return refuse(ERROR_BAD_LENGTH);
		memcpy(name, buf + 18, length);
		name[length / 2] = 0;
	}
	s = file_info_volume(f, 5, buf, sizeof buf, &n);
	if (s < 0)
		return succeed(s);
	if (flags)
		memcpy(flags, buf, 4);
	if (longest)
		memcpy(longest, buf + 4, 4);
	memcpy(&length, buf + 8, 4);
	if (system) {
		if (length / 2 + 1 > system_room)
			return refuse(ERROR_BAD_LENGTH);
		memcpy(system, buf + 12, length);
		system[length / 2] = 0;
	}
	return TRUE;
}

WINAPI BOOL
kernel32_GetVolumeInformationW(const WCHAR *root, WCHAR *name, DWORD room, DWORD *serial,
                               DWORD *longest, DWORD *flags, WCHAR *system, DWORD system_room)
{
	struct file *f;
	WCHAR l = letter_of(root), device[3] = { l, ':', 0 };
	if (!l)
		return refuse(ERROR_INVALID_NAME);
	NTSTATUS s = file_open_volume(device, FILE_READ_ATTRIBUTES, 7, FILE_OPEN,
	                              FILE_SYNCHRONOUS_IO_NONALERT, &f);
	if (s < 0)
		return refuse(ERROR_PATH_NOT_FOUND);
	BOOL ok = volume(f, name, room, serial, longest, flags, system, system_room);
	file_unref(f);
	return ok;
}

WINAPI BOOL
kernel32_GetVolumeInformationA(const char *root, char *name, DWORD room, DWORD *serial,
                               DWORD *longest, DWORD *flags, char *system, DWORD system_room)
{
	WCHAR *w = root ? utf_wide(root) : NULL, n[64], t[64];
	BOOL ok = kernel32_GetVolumeInformationW(w, n, 64, serial, longest, flags, t, 64);
	free(w);
	for (DWORD i = 0; ok && name && i < room; i++)
		if (!(name[i] = (char)n[i]))
			break;
	for (DWORD i = 0; ok && system && i < system_room; i++)
		if (!(system[i] = (char)t[i]))
			break;
	return ok;
}

WINAPI BOOL
kernel32_GetVolumeInformationByHandleW(HANDLE h, WCHAR *name, DWORD room, DWORD *serial,
                                       DWORD *longest, DWORD *flags, WCHAR *system,
                                       DWORD system_room)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	BOOL ok = volume(f, name, room, serial, longest, flags, system, system_room);
	file_unref(f);
	return ok;
}

WINAPI BOOL
kernel32_SetVolumeLabelW(const WCHAR *root, const WCHAR *label)
{
	(void)root, (void)label;
	return refuse(ERROR_ACCESS_DENIED);
}

/* -- names of volumes ---------------------------------------------------------------------------- */

static BOOL
put(const WCHAR *text, WCHAR *out, DWORD room)
{
	size_t n = utf_length(text);
	if (n + 1 > room)
		return refuse(206); /* ERROR_FILENAME_EXCED_RANGE */
	memcpy(out, text, (n + 1) * sizeof *out);
	return TRUE;
}

WINAPI BOOL
kernel32_GetVolumePathNameW(const WCHAR *name, WCHAR *out, DWORD room)
{
	if (!name || !*name)
		return refuse(ERROR_INVALID_NAME);
	WCHAR l = letter_of(name), root[] = { l, ':', '\\', 0 };
	if (!l)
		return refuse(ERROR_INVALID_NAME);
	return put(root, out, room);
}

WINAPI BOOL
kernel32_GetVolumePathNameA(const char *name, char *out, DWORD room)
{
	WCHAR *w = name ? utf_wide(name) : NULL, root[4];
	BOOL ok = kernel32_GetVolumePathNameW(w, root, 4);
	free(w);
	if (ok && room < 4)
		return refuse(206);
	for (int i = 0; ok && i < 4; i++)
		out[i] = (char)root[i];
	return ok;
}

static void
guid_name(WCHAR l, WCHAR out[56])
{
	memcpy(out, u"\\\\?\\", 8);
	file_volume_name(l, out + 4);
	size_t n = utf_length(out);
	out[n] = '\\';
	out[n + 1] = 0;
}

WINAPI BOOL
kernel32_GetVolumeNameForVolumeMountPointW(const WCHAR *root, WCHAR *out, DWORD room)
{
	WCHAR l = letter_of(root), name[56];
	size_t n = root ? utf_length(root) : 0;
	if (!n || root[n - 1] != '\\')
		return refuse(ERROR_INVALID_NAME);
	if (!l || !(path_drives() >> (l - 'A') & 1))
		return refuse(ERROR_PATH_NOT_FOUND);
	guid_name(l, name);
	return put(name, out, room);
}

WINAPI BOOL
kernel32_GetVolumePathNamesForVolumeNameW(const WCHAR *name, WCHAR *out, DWORD room, DWORD *need)
{
	WCHAR l = letter_of(name);
	if (!l || !(path_drives() >> (l - 'A') & 1))
		return refuse(ERROR_FILE_NOT_FOUND);
	if (need)
		*need = 5;
	if (room < 5)
		return refuse(ERROR_MORE_DATA);
	const WCHAR text[] = { l, ':', '\\', 0, 0 };
	memcpy(out, text, sizeof text);
	return TRUE;
}

struct volumes {
	uint32_t magic;
	int next;
};

static BOOL
next_volume(struct volumes *v, WCHAR *out, DWORD room)
{
	WCHAR name[56];
	while (v->next < 26 && !(path_drives() >> v->next & 1))
		v->next++;
	if (v->next == 26)
		return refuse(ERROR_NO_MORE_FILES);
	guid_name((WCHAR)('A' + v->next++), name);
	return put(name, out, room);
}

WINAPI HANDLE
kernel32_FindFirstVolumeW(WCHAR *out, DWORD room)
{
	struct volumes *v = calloc(1, sizeof *v);
	if (v && next_volume(v, out, room)) {
		v->magic = 0x756c6f56;
		return v;
	}
	free(v);
	return INVALID_HANDLE_VALUE;
}

WINAPI BOOL
kernel32_FindNextVolumeW(struct volumes *v, WCHAR *out, DWORD room)
{
	return next_volume(v, out, room);
}

WINAPI BOOL
kernel32_FindVolumeClose(struct volumes *v)
{
	if (!v || v == INVALID_HANDLE_VALUE || v->magic != 0x756c6f56)
		return refuse(ERROR_INVALID_HANDLE);
	v->magic = 0;
	free(v);
	return TRUE;
}

/* What stands behind the name of a device: two zeros at the end. */
WINAPI DWORD
kernel32_QueryDosDeviceW(const WCHAR *name, WCHAR *out, DWORD room)
{
	static const WCHAR device[] = u"\\Device\\HarddiskVolume";
	WCHAR text[40];
	size_t n = 0;
	if (!name) {
		/* all of them */
		for (int i = 0; i < 26; i++)
			if (path_drives() >> i & 1) {
				if (n + 4 > room)
					return (DWORD)refuse(ERROR_INSUFFICIENT_BUFFER);
				out[n++] = (WCHAR)('A' + i);
				out[n++] = ':';
				out[n++] = 0;
			}
		static const WCHAR others[] = u"NUL\0CON\0CONIN$\0CONOUT$\0PIPE\0";
		if (n + sizeof others / sizeof *others > room)
			return (DWORD)refuse(ERROR_INSUFFICIENT_BUFFER);
		memcpy(out + n, others, sizeof others);
		return (DWORD)(n + sizeof others / sizeof *others);
	}
	WCHAR l = utf_upper(name[0]);
	if (name[0] && name[1] == ':' && !name[2] && l >= 'A' && l <= 'Z' &&
	    path_drives() >> (l - 'A') & 1) {
		n = sizeof device / sizeof *device - 1;
		memcpy(text, device, sizeof device);
		int number = l - 'A' + 1;
		if (number >= 10)
			text[n++] = (WCHAR)('0' + number / 10);
		text[n++] = (WCHAR)('0' + number % 10);
	} else if (!utf_compare(name, u"NUL")) {
		n = 12;
		memcpy(text, u"\\Device\\Null", 24);
	} else if (!utf_compare(name, u"PIPE")) {
		n = 17;
		memcpy(text, u"\\Device\\NamedPipe", 34);
	} else {
		return (DWORD)refuse(ERROR_FILE_NOT_FOUND);
	}
	text[n++] = 0;
	text[n++] = 0;
	if (n > room)
		return (DWORD)refuse(ERROR_INSUFFICIENT_BUFFER);
	memcpy(out, text, n * sizeof *out);
	return (DWORD)n;
}

WINAPI BOOL
kernel32_DefineDosDeviceW(DWORD flags, const WCHAR *name, const WCHAR *target)
{
	(void)flags, (void)name, (void)target;
	return refuse(ERROR_ACCESS_DENIED);
}
