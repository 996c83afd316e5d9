/* seek.h -- in which folders the file of a DLL is looked for.
 *
 * Windows' order ("Dynamic-link library search order"): the program's folder, the one of
 * SetDllDirectory, the current one, those of PATH; a LoadLibraryEx with LOAD_LIBRARY_SEARCH_
 * flags, or a process that called SetDefaultDllDirectories, has exactly those that the flags
 * name.  The folder of the DLL that imports another one is looked into as well.  What is said
 * here holds for the process, for any thread.
 */
#ifndef LAYER_API_NT_IMAGE_SEEK_H
#define LAYER_API_NT_IMAGE_SEEK_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum {
	SEEK_DLL_LOAD_DIR = 0x100,
	SEEK_APPLICATION_DIR = 0x200,
	SEEK_USER_DIRS = 0x400,
	SEEK_SYSTEM32 = 0x800,
	SEEK_DEFAULT_DIRS = 0x1000,
	SEEK_FLAGS = 0x1f00
};

/* The host's path of the file, to be freed; NULL: it is nowhere.  program and by: paths of the
 * host of the program and of the DLL that asks, or NULL. */
char *seek_dll(const char *name, const char *program, const char *by, DWORD flags);

/* SetDllDirectory: "" takes the current folder out, NULL undoes both. */
NTSTATUS seek_set_folder(const WCHAR *folder);
WCHAR *seek_folder(void);               /* to be freed; NULL: there is none */
NTSTATUS seek_add(const WCHAR *folder, void **cookie);
NTSTATUS seek_remove(void *cookie);
void seek_default(DWORD flags);

#endif
