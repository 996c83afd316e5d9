/* ucrtbase.h -- the C run-time: what its files share.
 *
 * Functions of the program are ucrtbase_NAME in a file per topic; machinery that several
 * topics need is declared here.  Whatever can be wrong in a parameter is checked as
 * documented and goes through crt_invalid().
 */
#ifndef LAYER_API_DLL_UCRTBASE_H
#define LAYER_API_DLL_UCRTBASE_H

#include <pthread.h>

#include "layer/api/dll/ntdll_lock.h"
#include "layer/api/nt/crt/crt.h"

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
WINAPI _Noreturn void kernel32_ExitProcess(DWORD);
WINAPI BOOL kernel32_GetExitCodeProcess(HANDLE, DWORD *);
WINAPI DWORD kernel32_WaitForSingleObject(HANDLE, DWORD);
WINAPI DWORD kernel32_ResumeThread(HANDLE);
WINAPI BOOL kernel32_SetEnvironmentVariableW(const WCHAR *, const WCHAR *);
WINAPI DWORD kernel32_GetModuleFileNameW(HMODULE, WCHAR *, DWORD);
WINAPI HMODULE kernel32_LoadLibraryW(const WCHAR *);
WINAPI BOOL kernel32_FreeLibrary(HMODULE);
WINAPI FARPROC kernel32_GetProcAddress(HMODULE, const char *);
WINAPI DWORD kernel32_GetTimeZoneInformation(void *);

/* -- functions that are looked up: ucrtbase_late.c --------------------------------- */

/* A function of kernel32, or 0 and the last error says that it is not done. */
uintptr_t ucrtbase_late_find(_Atomic uintptr_t *known, const char *name);

static inline HANDLE
ucrtbase_late_CreateThread(void *a, SIZE_T b, void *c, void *d, DWORD e, DWORD *f)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "CreateThread");
	return found ? ((HANDLE(WINAPI *)(void *, SIZE_T, void *, void *, DWORD, DWORD *))found)(a, b, c, d, e, f) : 0;
}

static inline _Noreturn void
ucrtbase_late_ExitThread(DWORD code)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "ExitThread");
	if (found)
		((void(WINAPI *)(DWORD))found)(code);
	kernel32_ExitProcess(code);
}

static inline BOOL
ucrtbase_late_GetConsoleMode(HANDLE a, DWORD *b)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "GetConsoleMode");
	return found ? ((BOOL(WINAPI *)(HANDLE, DWORD *))found)(a, b) : 0;
}

static inline BOOL
ucrtbase_late_GetDiskFreeSpaceW(const WCHAR *a, DWORD *b, DWORD *c, DWORD *d, DWORD *e)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "GetDiskFreeSpaceW");
	return found ? ((BOOL(WINAPI *)(const WCHAR *, DWORD *, DWORD *, DWORD *, DWORD *))found)(a, b, c, d, e) : 0;
}

static inline UINT
ucrtbase_late_GetDriveTypeW(const WCHAR *a)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "GetDriveTypeW");
	return found ? ((UINT(WINAPI *)(const WCHAR *))found)(a) : 0;
}

static inline DWORD
ucrtbase_late_GetLogicalDrives(void)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "GetLogicalDrives");
	return found ? ((DWORD(WINAPI *)(void))found)() : 0;
}

static inline BOOL
ucrtbase_late_ReadConsoleW(HANDLE a, void *b, DWORD c, DWORD *d, void *e)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "ReadConsoleW");
	return found ? ((BOOL(WINAPI *)(HANDLE, void *, DWORD, DWORD *, void *))found)(a, b, c, d, e) : 0;
}

static inline DWORD
ucrtbase_late_SearchPathW(const WCHAR *a, const WCHAR *b, const WCHAR *c, DWORD d, WCHAR *e, WCHAR **f)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "SearchPathW");
	return found ? ((DWORD(WINAPI *)(const WCHAR *, const WCHAR *, const WCHAR *, DWORD, WCHAR *, WCHAR **))found)(a, b, c, d, e, f) : 0;
}

static inline BOOL
ucrtbase_late_SetConsoleCtrlHandler(void *a, BOOL b)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "SetConsoleCtrlHandler");
	return found ? ((BOOL(WINAPI *)(void *, BOOL))found)(a, b) : 0;
}

static inline BOOL
ucrtbase_late_WriteConsoleW(HANDLE a, const void *b, DWORD c, DWORD *d, void *e)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "WriteConsoleW");
	return found ? ((BOOL(WINAPI *)(HANDLE, const void *, DWORD, DWORD *, void *))found)(a, b, c, d, e) : 0;
}

static inline BOOL
ucrtbase_late_SetConsoleMode(HANDLE a, DWORD b)
{
	static _Atomic uintptr_t known;
	uintptr_t found = ucrtbase_late_find(&known, "SetConsoleMode");
	return found ? ((BOOL(WINAPI *)(HANDLE, DWORD))found)(a, b) : 0;
}

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
	uint8_t flags, character;       /* the second is msvcrt's, for pipes */
	bool no_handle;         /* a standard one that is not there */
	int32_t lock_made;
	struct CRITICAL_SECTION lock;   /* perl enters it by itself */
	uint8_t text;
	/* bytes that were read too far of a pipe or device */
	uint8_t nahead, ahead[4];
	WCHAR pending;          /* the second half of a pair, for the next read of UTF-8 text */
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

/* -- streams: ucrtbase_stream.c ---------------------------------------------------- */

/* FILE as msvcrt.dll has it: 48 bytes, which old macros and C++ streams touch. */
struct ucrtbase_stream {
	char *ptr;
	int cnt;        /* of what is left to read, or of the room to write */
	char *base;
	int flag, file, charbuf, bufsiz;
	char *tmpname;
};

_Static_assert(sizeof(struct ucrtbase_stream) == 48, "FILE of msvcrt");

enum {
	STREAM_READ = 1,
	STREAM_WRITE = 2,
	STREAM_UNBUFFERED = 4,
	STREAM_OWN_BUFFER = 8,
	STREAM_EOF = 0x10,
	STREAM_ERROR = 0x20,
	STREAM_BOTH = 0x80,
	STREAM_USER_BUFFER = 0x100,
	STREAM_COMMIT = 0x4000,
};

typedef struct ucrtbase_stream FILE_;

extern FILE_ ucrtbase_iob[20];

/* A stream's lock: recursive, two atomic operations when nobody else has it.  It stands behind
 * the FILE and what old programs lock themselves; those of the standard streams stand alone. */
struct ucrtbase_lock {
	_Atomic uint32_t state; /* 0 free, 1 taken, 2 taken and waited for */
	uint32_t depth;
	void *owner;
};

struct ucrtbase_section {       /* a CRITICAL_SECTION */
	void *debug;
	int32_t lock, recursion;
	void *owner, *semaphore;
	uintptr_t spin;
};

struct ucrtbase_stream_whole {
	FILE_ f;
	struct ucrtbase_section section;
	struct ucrtbase_lock lock;
};

extern struct ucrtbase_lock ucrtbase_iob_locks[20];

WINAPI void ucrtbase_stream_wait(struct ucrtbase_lock *l);
WINAPI void ucrtbase_stream_wake(struct ucrtbase_lock *l);

static inline struct ucrtbase_lock *
ucrtbase_stream_lock_of(FILE_ *f)
{
	if (f >= ucrtbase_iob && f < ucrtbase_iob + 20)
		return &ucrtbase_iob_locks[f - ucrtbase_iob];
	return &((struct ucrtbase_stream_whole *)(void *)f)->lock;
}

static inline void
ucrtbase_stream_lock(FILE_ *f)
{
	struct ucrtbase_lock *l = ucrtbase_stream_lock_of(f);
	uint32_t zero = 0;
	if (l->owner == (void *)&crt_thread) {
		l->depth++;
		return;
	}
	if (!__atomic_compare_exchange_n((uint32_t *)&l->state, &zero, 1, false, __ATOMIC_ACQUIRE,
	                                 __ATOMIC_RELAXED))
		ucrtbase_stream_wait(l);
	l->owner = &crt_thread;
}

static inline void
ucrtbase_stream_unlock(FILE_ *f)
{
	struct ucrtbase_lock *l = ucrtbase_stream_lock_of(f);
	if (l->depth > 0) {
		l->depth--;
		return;
	}
	l->owner = NULL;
	if (__atomic_exchange_n((uint32_t *)&l->state, 0, __ATOMIC_RELEASE) == 2)
		ucrtbase_stream_wake(l);
}

/* All below: of a locked stream. */
int ucrtbase_stream_write(FILE_ *f, const void *p, size_t n);    /* 0 or -1 */
int ucrtbase_stream_write_wide(FILE_ *f, const WCHAR *p, size_t n);
int ucrtbase_stream_done(FILE_ *f);     /* the end of a call that wrote: flush where it must be */
int ucrtbase_stream_flush(FILE_ *f);
int ucrtbase_stream_fill(FILE_ *f);     /* more to read: 0, or -1 at the end */
int ucrtbase_stream_get(FILE_ *f);
int ucrtbase_stream_unget(FILE_ *f, int c);
int ucrtbase_stream_get_wide(FILE_ *f); /* a unit, or -1 */
int ucrtbase_stream_unget_wide(FILE_ *f, int c);
int64_t ucrtbase_stream_tell(FILE_ *f);
int ucrtbase_stream_seek(FILE_ *f, int64_t offset, int whence);
bool ucrtbase_stream_narrow(FILE_ *f);  /* bytes may be written: it is no Unicode text */

FILE_ *ucrtbase_stream_open(const WCHAR *name, const WCHAR *mode, int share, FILE_ *reuse);
FILE_ *ucrtbase_stream_of(int fd, const WCHAR *mode);
int ucrtbase_stream_close(FILE_ *f);
int ucrtbase_stream_flush_all(void);
int ucrtbase_stream_close_all(void);

/* -- the process: ucrtbase_start.c, ucrtbase_env.c, ucrtbase_exit.c ------------------ */

enum { ARGV_NONE, ARGV_PLAIN, ARGV_EXPANDED };

extern int ucrtbase_argc;
extern char **ucrtbase_argv, *ucrtbase_acmdln, *ucrtbase_pgmptr;
extern WCHAR **ucrtbase_wargv, *ucrtbase_wcmdln, *ucrtbase_wpgmptr;
extern char **ucrtbase_environ, **ucrtbase_initial_environ;
extern WCHAR **ucrtbase_wenviron, **ucrtbase_initial_wenviron;
extern int ucrtbase_app_type;

void ucrtbase_start_line(void); /* the command line and the program's name */
int ucrtbase_start_argv(int mode, bool wide);
int ucrtbase_env_begin(void);
int ucrtbase_exit_register(WINAPI int (*f)(void));
WINAPI _Noreturn void ucrtbase_exit(int code);
WINAPI _Noreturn void ucrtbase__exit(int code);
WINAPI _Noreturn void ucrtbase_abort(void);
WINAPI int ucrtbase_raise(int sig);

struct ucrtbase_onexit_table {
	void **first, **last, **end;
};

/* mode: _P_WAIT ...; env NULL: the process' own; search: along PATH */
intptr_t ucrtbase_process_spawn(int mode, const WCHAR *name, const WCHAR *const *args,
                                const WCHAR *const *env, bool search);
intptr_t ucrtbase_process_spawn_narrow(int mode, const char *name, const char *const *args,
                                       const char *const *env, bool search);

#endif
