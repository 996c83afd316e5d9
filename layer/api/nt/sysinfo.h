/* sysinfo.h -- what Windows says of itself: its version, processors, processes.
 *
 * It is Windows 10 22H2; a program whose manifest does not know Windows 10 is told 6.2, as
 * there.  Structures of NtQuerySystemInformation and NtQueryInformationProcess are filled from
 * host.h and the PEB.
 */
#ifndef LAYER_API_NT_SYSINFO_H
#define LAYER_API_NT_SYSINFO_H

#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

enum { SYSINFO_BUILD = 19045, SYSINFO_REVISION = 3803 };

struct OSVERSIONINFOEXW {
	DWORD dwOSVersionInfoSize, dwMajorVersion, dwMinorVersion, dwBuildNumber, dwPlatformId;
	WCHAR szCSDVersion[128];
	WORD wServicePackMajor, wServicePackMinor, wSuiteMask;
	BYTE wProductType, wReserved;
};

struct SYSTEM_INFO {
	WORD wProcessorArchitecture, wReserved;
	DWORD dwPageSize;
	void *lpMinimumApplicationAddress, *lpMaximumApplicationAddress;
	DWORD_PTR dwActiveProcessorMask;
	DWORD dwNumberOfProcessors, dwProcessorType, dwAllocationGranularity;
	WORD wProcessorLevel, wProcessorRevision;
};

bool sysinfo_feature(DWORD n);          /* IsProcessorFeaturePresent */
void sysinfo_system(struct SYSTEM_INFO *s);
/* The version that this program is told (GetVersionEx, VerifyVersionInfo). */
void sysinfo_version(DWORD *major, DWORD *minor, DWORD *build);
/* VerifyVersionInfo: true, or not. */
bool sysinfo_verify(const struct OSVERSIONINFOEXW *v, DWORD types, ULONGLONG conditions,
                    DWORD major, DWORD minor, DWORD build);
uint32_t sysinfo_handles(void);         /* how many are open */
/* CPU times of the process, 100 ns. */
void sysinfo_times(int64_t *kernel, int64_t *user);
/* NtQuerySystemInformation */
NTSTATUS sysinfo_query(ULONG class, void *out, ULONG size, ULONG *need);

#endif
