/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/status.h"

#include <errno.h>

DWORD
status_error(NTSTATUS s)
{
	switch ((uint32_t)s) {
#define STATUS(name, value, error)                                                                 \
	case value:                                                                                \
		return (DWORD)error;
#include "layer/api/nt/status.def"
#undef STATUS
	}
	/* HRESULT_FROM_WIN32, and errors that went through NTSTATUS_FROM_WIN32 */
	if (((uint32_t)s & 0xffff0000) == 0x80070000 || ((uint32_t)s & 0xffff0000) == 0xc0070000)
		return (DWORD)s & 0xffff;
	return ERROR_MR_MID_NOT_FOUND;
}

NTSTATUS
status_errno(int error)
{
	switch (error) {
	case 0: return STATUS_SUCCESS;
	case EPERM:
	case EROFS:
	case ETXTBSY:
	case EACCES: return STATUS_ACCESS_DENIED;
	case ENOENT: return STATUS_OBJECT_NAME_NOT_FOUND;
	case EINTR: return STATUS_CANCELLED;
	case EBADF: return STATUS_INVALID_HANDLE;
	case EAGAIN: return STATUS_PENDING;
	case ENOMEM: return STATUS_NO_MEMORY;
	case EFAULT: return STATUS_ACCESS_VIOLATION;
	case EBUSY: return STATUS_SHARING_VIOLATION;
	case EEXIST: return STATUS_OBJECT_NAME_COLLISION;
	case EXDEV: return STATUS_NOT_SAME_DEVICE;
	case ENODEV: return STATUS_NO_SUCH_DEVICE;
	case ENOTDIR: return STATUS_OBJECT_PATH_NOT_FOUND;
	case EISDIR: return STATUS_FILE_IS_A_DIRECTORY;
	case EINVAL: return STATUS_INVALID_PARAMETER;
	case EMFILE:
	case ENFILE: return STATUS_INSUFFICIENT_RESOURCES;
	case EFBIG:
	case EDQUOT:
	case ENOSPC: return STATUS_DISK_FULL;
	case EPIPE: return STATUS_PIPE_CLOSING;
	case ENAMETOOLONG: return STATUS_NAME_TOO_LONG;
	case ENOTEMPTY: return STATUS_DIRECTORY_NOT_EMPTY;
	case ELOOP: return STATUS_REPARSE_POINT_NOT_RESOLVED;
	case ENOSYS:
	case EOPNOTSUPP: return STATUS_NOT_SUPPORTED;
	default: return STATUS_UNSUCCESSFUL;
	}
}
