/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "layer/api/nt/socket/socket.h"

static const struct row {
	int host, winsock;
	NTSTATUS status;
} rows[] = {
#define ERROR(host, winsock, status) { host, winsock, STATUS_##status },
#include "layer/api/nt/socket/socket_error.def"
#undef ERROR
};

enum { ROWS = sizeof rows / sizeof *rows, WSASYSCALLFAILURE = 10107 };

int
socket_error(int error)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].host == error)
			return rows[i].winsock;
	return WSASYSCALLFAILURE;
}

NTSTATUS
socket_status(int error)
{
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].host == error)
			return rows[i].status;
	return STATUS_UNSUCCESSFUL;
}

int
socket_error_of(NTSTATUS s)
{
	if (s >= 0)
		return 0;
	if (s == STATUS_CANCELLED)
		return WSA_OPERATION_ABORTED;
	if (s == STATUS_END_OF_FILE)
		return 0;
	for (size_t i = 0; i < ROWS; i++)
		if (rows[i].status == s)
			return rows[i].winsock;
	return (int)status_error(s);
}
