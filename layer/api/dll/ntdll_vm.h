/* ntdll_vm.h -- words of virtual memory that ntdll and kernel32 share. */
#ifndef LAYER_API_DLL_NTDLL_VM_H
#define LAYER_API_DLL_NTDLL_VM_H

#include "layer/api/nt/mem/vm.h"
#include "layer/api/nt/object/post.h"

struct MEM_ADDRESS_REQUIREMENTS {
	void *LowestStartingAddress, *HighestEndingAddress;
	SIZE_T Alignment;
};

struct MEM_EXTENDED_PARAMETER {
	DWORD64 Type;           /* the low 8 bits */
	union {
		DWORD64 ULong64;
		void *Pointer;
		SIZE_T Size;
		HANDLE Handle;
		DWORD ULong;
	};
};

struct MEMORY_REGION_INFORMATION {
	void *AllocationBase;
	ULONG AllocationProtect, RegionType;
	SIZE_T RegionSize, CommitSize;
};

struct MEMORY_WORKING_SET_EX_INFORMATION {
	void *VirtualAddress;
	ULONG_PTR VirtualAttributes;
};

NTSTATUS ntdll_vm_do(HANDLE process, struct post_memory *m);
NTSTATUS ntdll_vm_own(HANDLE process);  /* is it ours? STATUS_ACCESS_DENIED: another's */
NTSTATUS ntdll_vm_where(const struct MEM_EXTENDED_PARAMETER *p, ULONG n, struct vm_where *w);

#endif
