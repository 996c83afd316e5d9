/* status.h -- how a native function ends, and what that is as a Win32 error or from an errno.
 *
 * A status below zero is a failure.  The table is status.def; a status that is in no row
 * becomes ERROR_MR_MID_NOT_FOUND, as Windows does.
 */
#ifndef LAYER_API_NT_STATUS_H
#define LAYER_API_NT_STATUS_H

#include "layer/api/nt/types.h"

enum {
#define STATUS(name, value, error) STATUS_##name = (int)value,
#include "layer/api/nt/status.def"
#undef STATUS
};

/* Win32 errors that are written in the code (winerror.h). */
enum {
	ERROR_SUCCESS = 0,
	ERROR_INVALID_FUNCTION = 1,
	ERROR_FILE_NOT_FOUND = 2,
	ERROR_PATH_NOT_FOUND = 3,
	ERROR_ACCESS_DENIED = 5,
	ERROR_INVALID_HANDLE = 6,
	ERROR_NOT_ENOUGH_MEMORY = 8,
	ERROR_INVALID_DATA = 13,
	ERROR_NO_MORE_FILES = 18,
	ERROR_BAD_LENGTH = 24,
	ERROR_SHARING_VIOLATION = 32,
	ERROR_HANDLE_EOF = 38,
	ERROR_NOT_SUPPORTED = 50,
	ERROR_FILE_EXISTS = 80,
	ERROR_INVALID_PARAMETER = 87,
	ERROR_BROKEN_PIPE = 109,
	ERROR_CALL_NOT_IMPLEMENTED = 120,
	ERROR_INSUFFICIENT_BUFFER = 122,
	ERROR_INVALID_NAME = 123,
	ERROR_MOD_NOT_FOUND = 126,
	ERROR_PROC_NOT_FOUND = 127,
	ERROR_ALREADY_EXISTS = 183,
	ERROR_ENVVAR_NOT_FOUND = 203,
	ERROR_MORE_DATA = 234,
	ERROR_NO_MORE_ITEMS = 259,
	ERROR_MR_MID_NOT_FOUND = 317,
	ERROR_IO_PENDING = 997,
	ERROR_INVALID_FLAGS = 1004,
	ERROR_NO_UNICODE_TRANSLATION = 1113,
	ERROR_NOT_FOUND = 1168,
	ERROR_RESOURCE_TYPE_NOT_FOUND = 1813,
	ERROR_TIMEOUT = 1460,
};

DWORD status_error(NTSTATUS s);
NTSTATUS status_errno(int error);       /* of the host's error number */

#endif
