/* kernel32_process.h -- what the files of CreateProcess and of process handles share.
 */
#ifndef LAYER_API_DLL_KERNEL32_PROCESS_H
#define LAYER_API_DLL_KERNEL32_PROCESS_H

#include "layer/api/dll/dll.h"
#include "layer/api/nt/process/process.h"

struct STARTUPINFOEXW {
	DWORD cb;
	void *lpReserved, *lpDesktop, *lpTitle;
	DWORD dwX, dwY, dwXSize, dwYSize, dwXCountChars, dwYCountChars, dwFillAttribute, dwFlags;
	WORD wShowWindow, cbReserved2;
	BYTE *lpReserved2;
	HANDLE hStdInput, hStdOutput, hStdError;
	/* with EXTENDED_STARTUPINFO_PRESENT */
	struct attribute_list *lpAttributeList;
};

struct PROCESS_INFORMATION {
	HANDLE hProcess, hThread;
	DWORD dwProcessId, dwThreadId;
};

/* Opaque to programs, which make room for it: InitializeProcThreadAttributeList says how much. */
struct attribute {
	DWORD_PTR id;
	SIZE_T size;
	void *value;            /* lent by the program */
};

struct attribute_list {
	DWORD count, most;
	struct attribute item[];
};

enum {
	ATTRIBUTE_PARENT_PROCESS = 0x20000,
	ATTRIBUTE_HANDLE_LIST = 0x20002,
	ATTRIBUTE_JOB_LIST = 0x2000d,
	ATTRIBUTE_PSEUDO_CONSOLE = 0x20016,
};

/* The file that a command line names: *program (to be freed) is its full Windows path, or NULL
 * for our own cmd.  A Win32 error. */
DWORD kernel32_process_find(const WCHAR *application, const WCHAR *line, WCHAR **program);
/* This process has forbidden itself to start others (kernel32_policy.c). */
bool kernel32_process_childless(void);
/* kernel32_search.c */
WCHAR *kernel32_search(const WCHAR *path, const WCHAR *name, const WCHAR *extension);

#endif
