/* path.h -- names of files: from Windows' to the host's and back.
 *
 * C: is a private folder of the machine, made as it is touched (path_system.h).  Z: is the host's
 * root, of which the sandbox lets only the working folder, the program's folder and what was
 * given with -v be seen; so an absolute path of the host, with slashes, means what it says
 * when the current drive is Z:.  Further drives are what -v SRC:X gave.  Names are compared
 * without case only after they were not found exactly.
 */
#ifndef LAYER_API_NT_FILE_PATH_H
#define LAYER_API_NT_FILE_PATH_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

/* What a path is (RtlDetermineDosPathNameType_U). */
enum path_kind { PATH_UNKNOWN, PATH_UNC, PATH_DRIVE_ABSOLUTE, PATH_DRIVE_RELATIVE, PATH_ROOTED,
	         PATH_RELATIVE, PATH_DEVICE, PATH_DEVICE_ROOT };

enum path_kind path_kind(const WCHAR *p);

/* Full Windows path (GetFullPathNameW): without . and .., with the drive; to be freed.  A
 * reserved name of a device becomes \\.\NAME. */
NTSTATUS path_full(const WCHAR *p, WCHAR **out);

/* As RtlIsDosDeviceName_U: the name of the device that p means ("NUL", "CON", "COM1" ...), or
 * NULL. */
const char *path_device(const WCHAR *p);

/* The host's path of a Windows path of any form (also \\?\ and \??\); to be freed.  A device
 * (NUL, CON, \\.\pipe\x) sets *device, to be freed, instead: "NUL", "pipe\x", "\Device\Afd\x".
 * must_exist: look without case for each part; else all but the last must exist. */
NTSTATUS path_host(const WCHAR *p, bool must_exist, char **out, WCHAR **device);
NTSTATUS path_host_of(const struct OBJECT_ATTRIBUTES *a, bool must_exist, char **out, WCHAR **device);

/* The same without a look at the file system; where the drive's root ends is in *root.  folder:
 * the path ended with a backslash. */
struct path {
	char *host;             /* own */
	WCHAR *device;          /* own, or NULL */
	size_t root;            /* bytes of host that are the drive's */
	bool folder, readonly;
	struct path_base *base; /* own (a count): it is in the current folder; or NULL */
};
NTSTATUS path_parse(const WCHAR *p, struct path *out);
NTSTATUS path_parse_nt(const struct OBJECT_ATTRIBUTES *a, struct path *out);
void path_free(struct path *p);
/* Where the host finds it soonest: a descriptor, and the name from there. */
int path_at(const struct path *p, const char **name);
/* As path_parse() when the name is relative and nothing in it has a meaning of its own; false: it
 * may have. */
bool path_plain(const WCHAR *p, struct path *out);
void path_leave(struct path *p);        /* its host changes: it is found by that alone */
/* After it was not found as it is: look for each part without case, and spell it as it is
 * there.  all: the last one too, which else may be missing, but is spelled as what is there.
 * STATUS_OBJECT_NAME_NOT_FOUND, STATUS_OBJECT_PATH_NOT_FOUND. */
NTSTATUS path_search(struct path *p, bool all);

/* What path_search knows of folders: a name was put into one by us. */
void path_added(const char *host);

/* The Windows path of a path of the host: by the longest drive that holds it; to be freed. */
WCHAR *path_windows(const char *host);

/* The current folder, ending with a backslash. */
NTSTATUS path_set_current(const WCHAR *p);
WCHAR *path_current(void);              /* to be freed */
WCHAR *path_current_room(size_t room, size_t *n);       /* of *n units, and room for more */
/* That of a drive, for C:name; without a final backslash but for a root. */
NTSTATUS path_current_of(WCHAR letter, WCHAR **out);
NTSTATUS path_drives(void);             /* a bit for each drive that there is */
int path_drive_type(WCHAR letter);      /* GetDriveType's numbers */
const char *path_drive_root(WCHAR letter);      /* lent, of the host ("" is /); NULL: no such drive */
bool path_drive_readonly(WCHAR letter);

#endif
