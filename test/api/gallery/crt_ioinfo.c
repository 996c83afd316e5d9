/* SPDX-License-Identifier: Apache-2.0 */
// What stands behind a descriptor of msvcrt, as perl reaches it: handle, flags and a lock.
// needs: joist mingw
// run: joist run --rm $GUEST
// expect: crt_ioinfo: all right
#include "right.h"

#include <fcntl.h>
#include <io.h>
#include <stdint.h>

struct ioinfo {
	intptr_t handle;
	char flags, character;
	int lock_made;
	CRITICAL_SECTION lock;
	char rest[8];
};

static volatile LONG written;

static DWORD WINAPI
writer(void *fd)
{
	int n = _write((int)(intptr_t)fd, "x", 1);
	InterlockedExchange(&written, n);
	return 0;
}

int
main(void)
{
	struct ioinfo **all = (void *)GetProcAddress(GetModuleHandleA("msvcrt"), "__pioinfo");
	HANDLE nul =
	        CreateFileA("NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	int fd = _open_osfhandle((intptr_t)nul, _O_BINARY);
	struct ioinfo *i = all ? &all[fd >> 5][fd & 31] : NULL;
	IS(i && fd > 2 && i->handle == (intptr_t)nul && i->flags & 1 && i->lock_made);
	IS(_get_osfhandle(fd) == (intptr_t)nul);
	/* who holds the lock keeps others out, and may use the descriptor himself */
	EnterCriticalSection(&i->lock);
	HANDLE t = CreateThread(NULL, 0, writer, (void *)(intptr_t)fd, 0, NULL);
	IS(WaitForSingleObject(t, 100) == WAIT_TIMEOUT && !written);
	IS(_write(fd, "y", 1) == 1);
	LeaveCriticalSection(&i->lock);
	IS(WaitForSingleObject(t, 20000) == WAIT_OBJECT_0 && written == 1);
	/* the handle is another's: closing the descriptor leaves it alone */
	i->handle = (intptr_t)INVALID_HANDLE_VALUE;
	_close(fd);
	IS(GetFileType(nul) == FILE_TYPE_CHAR);
	return done("crt_ioinfo");
}
