/* ntdll_process.h -- what is asked about processes other than the caller's own.
 */
#ifndef LAYER_API_DLL_NTDLL_PROCESS_H
#define LAYER_API_DLL_NTDLL_PROCESS_H

#include "layer/api/nt/process/process.h"

/* created, ended, kernel, user: 100 ns.  Not of ourselves. */
void ntdll_process_times(struct process *p, LONGLONG t[4]);
/* NtQueryInformationProcess for a handle.  true: it was another process', and *s is the answer. */
bool ntdll_process_other(HANDLE h, ULONG class, void *out, ULONG size, ULONG *need, NTSTATUS *s);

#endif
