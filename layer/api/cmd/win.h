/* win.h -- the functions of Windows that the command interpreter calls.
 *
 * It is a program of the floor like any other, but it is compiled into it: what it does with
 * files and processes it does through the same functions, so that names, rights and errors
 * are the same.
 */
#ifndef LAYER_API_CMD_WIN_H
#define LAYER_API_CMD_WIN_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum {
	GENERIC_READ = (int)0x80000000,
	GENERIC_WRITE = 0x40000000,
	FILE_APPEND_DATA = 4,
	FILE_SHARE_ALL = 7,
	CREATE_ALWAYS = 2,
	OPEN_EXISTING = 3,
	OPEN_ALWAYS = 4,
	FILE_ATTRIBUTE_READONLY = 1,
	FILE_ATTRIBUTE_HIDDEN = 2,
	FILE_ATTRIBUTE_SYSTEM = 4,
	FILE_ATTRIBUTE_DIRECTORY = 0x10,
	FILE_ATTRIBUTE_ARCHIVE = 0x20,
	FILE_ATTRIBUTE_NORMAL = 0x80,
	FILE_ATTRIBUTE_REPARSE_POINT = 0x400,
	FILE_FLAG_BACKUP_SEMANTICS = 0x02000000,
	STARTF_USESTDHANDLES = 0x100,
	CREATE_NEW_CONSOLE = 0x10,
	CREATE_UNICODE_ENVIRONMENT = 0x400,
	MOVEFILE_REPLACE_EXISTING = 1,
	MOVEFILE_COPY_ALLOWED = 2,
	FILE_TYPE_CHAR = 2,
	INVALID_ATTRIBUTES = -1,
};

struct WIN32_FIND_DATAW {
	DWORD dwFileAttributes;
	struct FILETIME ftCreationTime, ftLastAccessTime, ftLastWriteTime;
	DWORD nFileSizeHigh, nFileSizeLow, dwReserved0, dwReserved1;
	WCHAR cFileName[MAX_PATH], cAlternateFileName[14];
};

struct STARTUPINFOW {
	DWORD cb;
	WCHAR *lpReserved, *lpDesktop, *lpTitle;
	DWORD dwX, dwY, dwXSize, dwYSize, dwXCountChars, dwYCountChars, dwFillAttribute, dwFlags;
	WORD wShowWindow, cbReserved2;
	BYTE *lpReserved2;
	HANDLE hStdInput, hStdOutput, hStdError;
};

struct PROCESS_INFORMATION {
	HANDLE hProcess, hThread;
	DWORD dwProcessId, dwThreadId;
};

WINAPI BOOL kernel32_CloseHandle(HANDLE h);
WINAPI BOOL kernel32_CopyFileW(const WCHAR *from, const WCHAR *to, BOOL fail_if_exists);
WINAPI BOOL kernel32_CreateDirectoryW(const WCHAR *name, struct SECURITY_ATTRIBUTES *sa);
WINAPI HANDLE kernel32_CreateFileW(const WCHAR *name, DWORD access, DWORD share,
                                   struct SECURITY_ATTRIBUTES *sa, DWORD how, DWORD flags, HANDLE like);
WINAPI BOOL kernel32_CreateHardLinkW(const WCHAR *name, const WCHAR *target,
                                     struct SECURITY_ATTRIBUTES *sa);
WINAPI BOOL kernel32_CreatePipe(HANDLE *read, HANDLE *write, struct SECURITY_ATTRIBUTES *sa, DWORD size);
WINAPI BOOL kernel32_CreateProcessW(const WCHAR *application, WCHAR *command_line,
                                    struct SECURITY_ATTRIBUTES *process,
                                    struct SECURITY_ATTRIBUTES *thread, BOOL inherit, DWORD flags,
                                    void *environment, const WCHAR *current,
                                    struct STARTUPINFOW *startup, struct PROCESS_INFORMATION *pi);
WINAPI BOOLEAN kernel32_CreateSymbolicLinkW(const WCHAR *name, const WCHAR *target, DWORD flags);
WINAPI BOOL kernel32_DeleteFileW(const WCHAR *name);
WINAPI BOOL kernel32_FileTimeToLocalFileTime(const struct FILETIME *t, struct FILETIME *local);
WINAPI BOOL kernel32_FileTimeToSystemTime(const struct FILETIME *t, struct SYSTEMTIME *s);
WINAPI BOOL kernel32_FindClose(HANDLE h);
WINAPI HANDLE kernel32_FindFirstFileW(const WCHAR *name, struct WIN32_FIND_DATAW *d);
WINAPI BOOL kernel32_FindNextFileW(HANDLE h, struct WIN32_FIND_DATAW *d);
WINAPI BOOL kernel32_FreeEnvironmentStringsW(WCHAR *block);
WINAPI DWORD kernel32_GetCurrentDirectoryW(DWORD n, WCHAR *buffer);
WINAPI WCHAR *kernel32_GetEnvironmentStringsW(void);
WINAPI DWORD kernel32_GetEnvironmentVariableW(const WCHAR *name, WCHAR *buffer, DWORD n);
WINAPI BOOL kernel32_GetExitCodeProcess(HANDLE h, DWORD *code);
WINAPI DWORD kernel32_GetFileAttributesW(const WCHAR *name);
WINAPI DWORD kernel32_GetFileType(HANDLE h);
WINAPI DWORD kernel32_GetFullPathNameW(const WCHAR *name, DWORD n, WCHAR *buffer, WCHAR **file);
WINAPI void kernel32_GetLocalTime(struct SYSTEMTIME *t);
WINAPI DWORD kernel32_GetLastError(void);
WINAPI HANDLE kernel32_GetStdHandle(DWORD which);
WINAPI BOOL kernel32_MoveFileExW(const WCHAR *from, const WCHAR *to, DWORD flags);
WINAPI BOOL kernel32_ReadFile(HANDLE h, void *buffer, DWORD n, DWORD *read, struct OVERLAPPED *o);
WINAPI BOOL kernel32_RemoveDirectoryW(const WCHAR *name);
WINAPI BOOL kernel32_SetCurrentDirectoryW(const WCHAR *name);
WINAPI BOOL kernel32_SetEnvironmentVariableW(const WCHAR *name, const WCHAR *value);
WINAPI BOOL kernel32_SetFileAttributesW(const WCHAR *name, DWORD attributes);
WINAPI BOOL kernel32_SetFilePointerEx(HANDLE h, int64_t distance, int64_t *now, DWORD how);
WINAPI BOOL kernel32_SetHandleInformation(HANDLE h, DWORD mask, DWORD flags);
WINAPI void kernel32_Sleep(DWORD ms);
WINAPI DWORD kernel32_WaitForSingleObject(HANDLE h, DWORD ms);
WINAPI BOOL kernel32_WriteFile(HANDLE h, const void *buffer, DWORD n, DWORD *written, struct OVERLAPPED *o);

#endif
