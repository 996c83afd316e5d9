/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/pipe.h"

const struct file_kind pipe_named_kind = { .type = FILE_TYPE_PIPE, .device = 0x11 };

NTSTATUS
pipe_open(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition, DWORD options,
          struct file **out)
{
	(void)name, (void)access, (void)share, (void)disposition, (void)options, (void)out;
	return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS
pipe_named_peek(struct file *f, void *buf, size_t n, size_t *seen, size_t *available,
                size_t *message)
{
	(void)f, (void)buf, (void)n, (void)seen, (void)available, (void)message;
	return STATUS_INVALID_PARAMETER;
}

NTSTATUS
pipe_named_local(struct file *f, struct pipe_local *out)
{
	(void)f, (void)out;
	return STATUS_INVALID_PARAMETER;
}

NTSTATUS
pipe_named_modes(struct file *f, ULONG *read_mode, ULONG *wait_mode)
{
	(void)f, (void)read_mode, (void)wait_mode;
	return STATUS_INVALID_PARAMETER;
}

NTSTATUS
pipe_named_set_modes(struct file *f, ULONG read_mode, ULONG wait_mode)
{
	(void)f, (void)read_mode, (void)wait_mode;
	return STATUS_INVALID_PARAMETER;
}

bool
pipe_give(struct file *f, uint64_t number[2])
{
	(void)f, (void)number;
	return false;
}

struct file *
pipe_remake(int fd, const uint64_t number[2])
{
	(void)number;
	return file_new(&pipe_named_kind, fd);
}
