/* ucrtbase.h -- the C run-time: what its files share.
 *
 * Functions of the program are ucrtbase_NAME in a file per topic; machinery that several
 * topics need is declared here.  Whatever can be wrong in a parameter is checked as
 * documented and goes through crt_invalid().
 */
#ifndef LAYER_API_DLL_UCRTBASE_H
#define LAYER_API_DLL_UCRTBASE_H

#include <pthread.h>

#include "layer/api/nt/crt.h"

/* a result when a parameter is wrong */
#define REQUIRE(condition, result) \
	do { \
		if (!(condition)) { \
			crt_invalid(EINVAL); \
			return result; \
		} \
	} while (0)

/* memory */
WINAPI void *ucrtbase_memmove(void *to, const void *from, size_t n);
WINAPI void *ucrtbase_memset(void *to, int c, size_t n);
WINAPI size_t ucrtbase_strlen(const char *s);
WINAPI size_t ucrtbase_wcslen(const WCHAR *s);
WINAPI char *ucrtbase_strchr(const char *s, int c);

/* -- what it asks of kernel32 ----------------------------------------------------- */

WINAPI HANDLE kernel32_CreateFileW(const WCHAR *, DWORD, DWORD, struct SECURITY_ATTRIBUTES *, DWORD,
                                   DWORD, HANDLE);
WINAPI BOOL kernel32_ReadFile(HANDLE, void *, DWORD, DWORD *, struct OVERLAPPED *);
WINAPI BOOL kernel32_WriteFile(HANDLE, const void *, DWORD, DWORD *, struct OVERLAPPED *);
WINAPI BOOL kernel32_SetFilePointerEx(HANDLE, LONGLONG, LONGLONG *, DWORD);
WINAPI BOOL kernel32_GetFileSizeEx(HANDLE, LONGLONG *);
WINAPI BOOL kernel32_SetEndOfFile(HANDLE);
WINAPI BOOL kernel32_FlushFileBuffers(HANDLE);
WINAPI BOOL kernel32_CloseHandle(HANDLE);
WINAPI BOOL kernel32_SetHandleInformation(HANDLE, DWORD, DWORD);
WINAPI DWORD kernel32_GetFileType(HANDLE);
WINAPI HANDLE kernel32_GetStdHandle(DWORD);
WINAPI BOOL kernel32_SetStdHandle(DWORD, HANDLE);
WINAPI BOOL kernel32_DuplicateHandle(HANDLE, HANDLE, HANDLE, HANDLE *, DWORD, BOOL, DWORD);
WINAPI BOOL kernel32_CreatePipe(HANDLE *, HANDLE *, struct SECURITY_ATTRIBUTES *, DWORD);
WINAPI BOOL kernel32_PeekNamedPipe(HANDLE, void *, DWORD, DWORD *, DWORD *, DWORD *);
WINAPI BOOL kernel32_GetConsoleMode(HANDLE, DWORD *);
WINAPI BOOL kernel32_SetConsoleMode(HANDLE, DWORD);
WINAPI BOOL kernel32_WriteConsoleW(HANDLE, const void *, DWORD, DWORD *, void *);
WINAPI BOOL kernel32_ReadConsoleW(HANDLE, void *, DWORD, DWORD *, void *);
WINAPI BOOL kernel32_LockFile(HANDLE, DWORD, DWORD, DWORD, DWORD);
WINAPI BOOL kernel32_UnlockFile(HANDLE, DWORD, DWORD, DWORD, DWORD);
WINAPI DWORD kernel32_GetFileAttributesW(const WCHAR *);
WINAPI BOOL kernel32_SetFileAttributesW(const WCHAR *, DWORD);
WINAPI BOOL kernel32_DeleteFileW(const WCHAR *);
WINAPI BOOL kernel32_MoveFileExW(const WCHAR *, const WCHAR *, DWORD);
WINAPI BOOL kernel32_CreateDirectoryW(const WCHAR *, struct SECURITY_ATTRIBUTES *);
WINAPI BOOL kernel32_RemoveDirectoryW(const WCHAR *);
WINAPI DWORD kernel32_GetTempPathW(DWORD, WCHAR *);
WINAPI DWORD kernel32_GetLastError(void);
WINAPI void kernel32_SetLastError(DWORD);
WINAPI void kernel32_Sleep(DWORD);
WINAPI DWORD kernel32_GetCurrentProcessId(void);
WINAPI DWORD kernel32_GetCurrentThreadId(void);
WINAPI _Noreturn void kernel32_ExitProcess(DWORD);
WINAPI BOOL kernel32_GetExitCodeProcess(HANDLE, DWORD *);
WINAPI DWORD kernel32_WaitForSingleObject(HANDLE, DWORD);
WINAPI HANDLE kernel32_CreateThread(void *, SIZE_T, void *, void *, DWORD, DWORD *);
WINAPI DWORD kernel32_ResumeThread(HANDLE);
WINAPI _Noreturn void kernel32_ExitThread(DWORD);
WINAPI BOOL kernel32_SetEnvironmentVariableW(const WCHAR *, const WCHAR *);
WINAPI DWORD kernel32_GetModuleFileNameW(HMODULE, WCHAR *, DWORD);
WINAPI HMODULE kernel32_LoadLibraryW(const WCHAR *);
WINAPI BOOL kernel32_FreeLibrary(HMODULE);
WINAPI FARPROC kernel32_GetProcAddress(HMODULE, const char *);
WINAPI DWORD kernel32_GetTimeZoneInformation(void *);

static inline HANDLE
ucrtbase_self(void)
{
	return (HANDLE)(intptr_t)-1;
}

/* -- descriptors: ucrtbase_fd.c, ucrtbase_fdio.c ---------------------------------- */

enum {
	O_WIN_RDONLY = 0,
	O_WIN_WRONLY = 1,
	O_WIN_RDWR = 2,
	O_WIN_APPEND = 8,
	O_WIN_RANDOM = 0x10,
	O_WIN_SEQUENTIAL = 0x20,
	O_WIN_TEMPORARY = 0x40,
	O_WIN_NOINHERIT = 0x80,
	O_WIN_CREAT = 0x100,
	O_WIN_TRUNC = 0x200,
	O_WIN_EXCL = 0x400,
	O_WIN_SHORT_LIVED = 0x1000,
	O_WIN_OBTAIN_DIR = 0x2000,
	O_WIN_TEXT = 0x4000,
	O_WIN_BINARY = 0x8000,
	O_WIN_WTEXT = 0x10000,
	O_WIN_U16TEXT = 0x20000,
	O_WIN_U8TEXT = 0x40000,
};

/* osfile of lowio: what a descriptor is; children are told in these bits. */
enum {
	FD_OPEN = 1,
	FD_END = 2,
	FD_CRLF = 4,
	FD_PIPE = 8,
	FD_NOINHERIT = 0x10,
	FD_APPEND = 0x20,
	FD_DEVICE = 0x40,
	FD_TEXT = 0x80,
};

enum fd_text { FD_ANSI, FD_UTF8, FD_UTF16 };

struct ucrtbase_fd {
	HANDLE handle;
	uint8_t flags, text;
	/* bytes that were read too far of a pipe or device */
	uint8_t ahead[4], nahead;
	WCHAR pending;          /* the second half of a pair, for the next read of UTF-8 text */
	bool no_handle;         /* a standard one that is not there */
	pthread_mutex_t lock;
};

enum { FD_MOST = 8192 };

/* Locked, or NULL (EBADF; -1 is invalid only quietly). */
struct ucrtbase_fd *ucrtbase_fd_lock(int fd);
void ucrtbase_fd_unlock(struct ucrtbase_fd *f);
struct ucrtbase_fd *ucrtbase_fd_look(int fd);   /* not locked; NULL: not open */
int ucrtbase_fd_of(HANDLE h, int flags, enum fd_text text);      /* a new one; -1 */
int ucrtbase_fd_open(const WCHAR *name, int oflag, int share, int mode);
/* One after FD_MOST looks of these for a child: u32 count, flags, handles. */
void *ucrtbase_fd_inherit(size_t *size);
int ucrtbase_fd_read(int fd, void *buf, unsigned n);
int ucrtbase_fd_write(int fd, const void *buf, unsigned n);
int64_t ucrtbase_fd_seek(int fd, int64_t offset, int whence);
int ucrtbase_fd_read_locked(struct ucrtbase_fd *f, void *buf, unsigned n);
int ucrtbase_fd_raw(struct ucrtbase_fd *f, void *buf, unsigned n);
extern int ucrtbase_fmode;      /* _fmode */
extern int ucrtbase_commode;
extern int ucrtbase_umask;

/* A file's name as narrow functions have it; to be freed. NULL: EINVAL or ENOMEM. */
WCHAR *ucrtbase_path(const char *s);

#endif
