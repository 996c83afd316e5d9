/* types.h -- the words of the Windows API, as its documentation has them.
 *
 * Names, sizes and layouts are those of Microsoft's x64 headers; a structure is written
 * `struct` and its documented name.  WCHAR is 16 bits here: never mix it with wchar_t,
 * and write its literals u"like this".
 */
#ifndef LAYER_API_NT_TYPES_H
#define LAYER_API_NT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Microsoft's calling convention: every function that a Windows program can call, and
 * every function of the program that we call. */
#define WINAPI __attribute__((ms_abi))

typedef int32_t BOOL;
typedef uint8_t BYTE, BOOLEAN, UCHAR;
typedef uint16_t WORD, USHORT, WCHAR, ATOM;
typedef int16_t SHORT;
typedef int32_t LONG, INT, NTSTATUS, HRESULT;
typedef uint32_t DWORD, ULONG, UINT, LCID, ACCESS_MASK, COLORREF;
typedef int64_t LONGLONG, LONG64, LONG_PTR, INT_PTR, SSIZE_T;
typedef uint64_t ULONGLONG, DWORD64, ULONG64, ULONG_PTR, UINT_PTR, DWORD_PTR, SIZE_T;
typedef void *HANDLE, *HMODULE, *HWND, *HKEY, *PVOID;
typedef void(WINAPI *FARPROC)(void);

#define FALSE 0
#define TRUE 1
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)
#define MAX_PATH 260
#define INFINITE 0xffffffffu

struct UNICODE_STRING {
	USHORT Length, MaximumLength;   /* bytes, without a final zero */
	WCHAR *Buffer;
};

struct ANSI_STRING {
	USHORT Length, MaximumLength;
	char *Buffer;
};

struct OBJECT_ATTRIBUTES {
	ULONG Length;
	HANDLE RootDirectory;
	struct UNICODE_STRING *ObjectName;
	ULONG Attributes;
	void *SecurityDescriptor, *SecurityQualityOfService;
};

struct IO_STATUS_BLOCK {
	union {
		NTSTATUS Status;
		void *Pointer;
	};
	ULONG_PTR Information;
};

struct FILETIME {
	DWORD dwLowDateTime, dwHighDateTime;
};

struct SYSTEMTIME {
	WORD wYear, wMonth, wDayOfWeek, wDay, wHour, wMinute, wSecond, wMilliseconds;
};

struct SECURITY_ATTRIBUTES {
	DWORD nLength;
	void *lpSecurityDescriptor;
	BOOL bInheritHandle;
};

struct OVERLAPPED {
	ULONG_PTR Internal, InternalHigh;
	union {
		struct {
			DWORD Offset, OffsetHigh;
		};
		void *Pointer;
	};
	HANDLE hEvent;
};

struct LIST_ENTRY {
	struct LIST_ENTRY *Flink, *Blink;
};

struct CLIENT_ID {
	HANDLE UniqueProcess, UniqueThread;
};

struct M128A {
	uint64_t Low;
	int64_t High;
};

/* What FXSAVE writes: XMM_SAVE_AREA32. */
struct XMM_SAVE_AREA32 {
	WORD ControlWord, StatusWord;
	BYTE TagWord, Reserved1;
	WORD ErrorOpcode;
	DWORD ErrorOffset;
	WORD ErrorSelector, Reserved2;
	DWORD DataOffset;
	WORD DataSelector, Reserved3;
	DWORD MxCsr, MxCsr_Mask;
	struct M128A FloatRegisters[8], XmmRegisters[16];
	BYTE Reserved4[96];
};

enum {
	CONTEXT_CONTROL = 0x100001,
	CONTEXT_INTEGER = 0x100002,
	CONTEXT_SEGMENTS = 0x100004,
	CONTEXT_FLOATING_POINT = 0x100008,
	CONTEXT_DEBUG_REGISTERS = 0x100010,
	CONTEXT_XSTATE = 0x100040,
	CONTEXT_FULL = 0x10000b,
	CONTEXT_ALL = 0x10001f,
};

/* A processor's state: CONTEXT of x64, 1232 bytes. */
struct CONTEXT {
	DWORD64 P1Home, P2Home, P3Home, P4Home, P5Home, P6Home;
	DWORD ContextFlags, MxCsr;
	WORD SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
	DWORD EFlags;
	DWORD64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
	DWORD64 Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi;
	DWORD64 R8, R9, R10, R11, R12, R13, R14, R15, Rip;
	struct XMM_SAVE_AREA32 FltSave;
	struct M128A VectorRegister[26];
	DWORD64 VectorControl, DebugControl;
	DWORD64 LastBranchToRip, LastBranchFromRip, LastExceptionToRip, LastExceptionFromRip;
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct CONTEXT) == 0x4d0, "CONTEXT of x64");
_Static_assert(offsetof(struct CONTEXT, Rip) == 0xf8, "CONTEXT of x64");

struct EXCEPTION_RECORD {
	DWORD ExceptionCode, ExceptionFlags;
	struct EXCEPTION_RECORD *ExceptionRecord;
	void *ExceptionAddress;
	DWORD NumberParameters;
	ULONG_PTR ExceptionInformation[15];
};

struct EXCEPTION_POINTERS {
	struct EXCEPTION_RECORD *ExceptionRecord;
	struct CONTEXT *ContextRecord;
};

#endif
