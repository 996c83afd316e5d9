/* teb.h -- what a program finds through GS: thread and process environment blocks.
 *
 * Offsets are Windows' own (x64): compilers and run-times read these fields directly.
 * GS holds the TEB while any thread of the program runs; FS stays the C library's.
 */
#ifndef LAYER_API_NT_TEB_H
#define LAYER_API_NT_TEB_H

#include "layer/api/nt/types.h"

struct thread;

struct RTL_USER_PROCESS_PARAMETERS {
	ULONG MaximumLength, Length, Flags, DebugFlags;
	HANDLE ConsoleHandle;
	ULONG ConsoleFlags;
	HANDLE StandardInput, StandardOutput, StandardError;    /* 0x20 0x28 0x30 */
	struct UNICODE_STRING CurrentDirectory;                 /* 0x38, ends with a backslash */
	HANDLE CurrentDirectoryHandle;
	struct UNICODE_STRING DllPath, ImagePathName, CommandLine;      /* 0x50 0x60 0x70 */
	WCHAR *Environment;                                     /* 0x80 */
	ULONG StartingX, StartingY, CountX, CountY, CountCharsX, CountCharsY, FillAttribute;
	ULONG WindowFlags, ShowWindowFlags;
	struct UNICODE_STRING WindowTitle, DesktopInfo, ShellInfo, RuntimeData;
	BYTE CurrentDirectories[32 * 24];
	SIZE_T EnvironmentSize, EnvironmentVersion;
};

_Static_assert(offsetof(struct RTL_USER_PROCESS_PARAMETERS, Environment) == 0x80, "layout");

struct PEB_LDR_DATA {
	ULONG Length;
	BOOLEAN Initialized;
	HANDLE SsHandle;
	struct LIST_ENTRY InLoadOrderModuleList, InMemoryOrderModuleList,
	        InInitializationOrderModuleList;
	void *EntryInProgress;
	BOOLEAN ShutdownInProgress;
	HANDLE ShutdownThreadId;
};

struct LDR_DATA_TABLE_ENTRY {
	struct LIST_ENTRY InLoadOrderLinks, InMemoryOrderLinks, InInitializationOrderLinks;
	BYTE *DllBase;
	void *EntryPoint;
	ULONG SizeOfImage;
	struct UNICODE_STRING FullDllName, BaseDllName;
	ULONG Flags;
	USHORT LoadCount, TlsIndex;
	struct LIST_ENTRY HashLinks;
	ULONG TimeDateStamp;
};

struct PEB {
	BOOLEAN InheritedAddressSpace, ReadImageFileExecOptions, BeingDebugged, BitField;
	HANDLE Mutant;
	void *ImageBaseAddress;                         /* 0x10 */
	struct PEB_LDR_DATA *Ldr;                       /* 0x18 */
	struct RTL_USER_PROCESS_PARAMETERS *ProcessParameters; /* 0x20 */
	void *SubSystemData, *ProcessHeap, *FastPebLock; /* 0x28 0x30 0x38 */
	void *AtlThunkSListPtr, *IFEOKey;
	ULONG CrossProcessFlags;                        /* 0x50 */
	void *KernelCallbackTable;
	ULONG SystemReserved, AtlThunkSListPtr32;
	void *ApiSetMap;                                /* 0x68 */
	ULONG TlsExpansionCounter;
	void *TlsBitmap;
	ULONG TlsBitmapBits[2];                         /* 0x80 */
	void *ReadOnlySharedMemoryBase, *SharedData, **ReadOnlyStaticServerData;
	void *AnsiCodePageData, *OemCodePageData, *UnicodeCaseTableData; /* 0xa0 */
	ULONG NumberOfProcessors, NtGlobalFlag;         /* 0xb8 */
	LONGLONG CriticalSectionTimeout;
	SIZE_T HeapSegmentReserve, HeapSegmentCommit, HeapDeCommitTotalFreeThreshold,
	        HeapDeCommitFreeBlockThreshold;
	ULONG NumberOfHeaps, MaximumNumberOfHeaps;      /* 0xe8 */
	void **ProcessHeaps, *GdiSharedHandleTable, *ProcessStarterHelper;
	ULONG GdiDCAttributeList;
	void *LoaderLock;                               /* 0x110 */
	ULONG OSMajorVersion, OSMinorVersion;           /* 0x118 */
	USHORT OSBuildNumber, OSCSDVersion;
	ULONG OSPlatformId, ImageSubsystem, ImageSubsystemMajorVersion,
	        ImageSubsystemMinorVersion;
	ULONG_PTR ActiveProcessAffinityMask;            /* 0x138 */
	ULONG GdiHandleBuffer[60];
	void *PostProcessInitRoutine, *TlsExpansionBitmap;
	ULONG TlsExpansionBitmapBits[32], SessionId;    /* 0x240 0x2c0 */
	BYTE rest[0x7c8 - 0x2c4];
};

_Static_assert(offsetof(struct PEB, NumberOfProcessors) == 0xb8, "PEB of x64");
_Static_assert(offsetof(struct PEB, LoaderLock) == 0x110, "PEB of x64");
_Static_assert(offsetof(struct PEB, SessionId) == 0x2c0, "PEB of x64");

enum { TLS_MINIMUM = 64, TLS_EXPANSION = 1024 };

struct TEB {
	void *ExceptionList;
	void *StackBase, *StackLimit;                   /* 0x08 0x10: high and low end */
	void *SubSystemTib, *FiberData, *ArbitraryUserPointer;
	struct TEB *Self;                               /* 0x30 */
	void *EnvironmentPointer;
	struct CLIENT_ID ClientId;                      /* 0x40 */
	void *ActiveRpcHandle;
	void **ThreadLocalStoragePointer;               /* 0x58: blocks of TLS directories */
	struct PEB *ProcessEnvironmentBlock;            /* 0x60 */
	ULONG LastErrorValue;                           /* 0x68 */
	ULONG CountOfOwnedCriticalSections;
	void *CsrClientThread, *Win32ThreadInfo;
	ULONG User32Reserved[26], UserReserved[5];
	void *WOW32Reserved;
	LCID CurrentLocale;                             /* 0x108 */
	ULONG FpSoftwareStatusRegister;
	BYTE gap1[0x1250 - 0x110];
	ULONG LastStatusValue;                          /* 0x1250 */
	struct UNICODE_STRING StaticUnicodeString;      /* 0x1258 */
	WCHAR StaticUnicodeBuffer[261];
	BYTE gap2[6];
	void *DeallocationStack;                        /* 0x1478 */
	void *TlsSlots[TLS_MINIMUM];                    /* 0x1480 */
	struct LIST_ENTRY TlsLinks;                     /* 0x1680 */
	BYTE gap3[0x1748 - 0x1690];
	ULONG GuaranteedStackBytes;                     /* 0x1748 */
	BYTE gap4[0x1780 - 0x174c];
	void **TlsExpansionSlots;                       /* 0x1780 */
	BYTE gap5[0x17c8 - 0x1788];
	void *FlsData;                                  /* 0x17c8 */
	BYTE gap6[0x17ee - 0x17d0];
	USHORT SameTebFlags;                            /* 0x17ee */
	BYTE gap7[0x1838 - 0x17f0];
	/* ours, behind what Windows documents */
	struct thread *thread;
};

_Static_assert(offsetof(struct TEB, LastStatusValue) == 0x1250, "TEB of x64");
_Static_assert(offsetof(struct TEB, DeallocationStack) == 0x1478, "TEB of x64");
_Static_assert(offsetof(struct TEB, TlsExpansionSlots) == 0x1780, "TEB of x64");
_Static_assert(offsetof(struct TEB, thread) == 0x1838, "TEB of x64");

/* Of the calling thread, which is one of the program's. */
static inline struct TEB *
teb(void)
{
	struct TEB *t;
	__asm__("mov %%gs:0x30, %0" : "=r"(t));
	return t;
}

#endif
