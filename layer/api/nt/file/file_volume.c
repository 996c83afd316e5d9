/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes: one for each drive, named by its letter. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/api/nt/file/file.h"
#include "layer/api/nt/file/file_volume.h"
#include "layer/api/nt/text/utf.h"

/* "Joist" and the letter, in the form of a GUID. */
static const WCHAR guid[] = u"Volume{4a6f6973-7400-4000-8000-0000000000xx}";

void
file_volume_name(WCHAR letter, WCHAR out[49])
{
	static const char hex[] = "0123456789abcdef";
	WCHAR l = utf_upper(letter);
	memcpy(out, guid, sizeof guid);
	out[41] = (WCHAR)hex[l >> 4 & 15];
	out[42] = (WCHAR)hex[l & 15];
}

static int
digit(WCHAR c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

WCHAR
file_volume_letter(const WCHAR *name)
{
	if (utf_compare_n(name, guid, 41) || digit(name[41]) < 0 || digit(name[42]) < 0 ||
	    name[43] != '}')
		return 0;
	WCHAR l = (WCHAR)(digit(name[41]) << 4 | digit(name[42]));
	return l >= 'A' && l <= 'Z' && path_drives() >> (l - 'A') & 1 ? l : 0;
}

/* \\.\C: or \\?\Volume{...}: the root, to ask the volume something.  Its bytes are nobody's. */
NTSTATUS
file_open_volume(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition,
                 DWORD options, struct file **out)
{
	(void)disposition;
	if (!name[0] || name[1] != ':' || name[2])
		return STATUS_OBJECT_NAME_NOT_FOUND;
	const char *root = path_drive_root(name[0]);
	if (!root)
		return STATUS_OBJECT_NAME_NOT_FOUND;
	if (file_access(access) & (FILE_WRITE_DATA | FILE_APPEND_DATA))
		return STATUS_ACCESS_DENIED;
	int fd = open(*root ? root : "/", O_PATH | O_CLOEXEC);
	if (fd < 0)
		return status_errno(errno);
	struct file *f = file_new(&file_disk, fd);
	if (!f)
		return STATUS_NO_MEMORY;
	f->access = file_access(access) & ~(ACCESS_MASK)FILE_READ_DATA;
	f->share = share;
	f->options = options;
	f->folder = true;
	f->path = strdup(*root ? root : "/");
	*out = f;
	return STATUS_SUCCESS;
}
