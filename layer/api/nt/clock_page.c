/* SPDX-License-Identifier: Apache-2.0 */
/* clock_page.c -- KUSER_SHARED_DATA. */
#include <cpuid.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "layer/api/nt/clock.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/sysinfo.h"

struct KSYSTEM_TIME {
	ULONG LowPart;
	LONG High1Time, High2Time;
};

/* The documented part of it (ntddk.h), with its offsets. */
struct KUSER_SHARED_DATA {
	ULONG TickCountLowDeprecated, TickCountMultiplier;
	struct KSYSTEM_TIME InterruptTime, SystemTime, TimeZoneBias; /* 0x08 0x14 0x20 */
	USHORT ImageNumberLow, ImageNumberHigh;
	WCHAR NtSystemRoot[260]; /* 0x30 */
	ULONG MaxStackTraceDepth, CryptoExponent, TimeZoneId, LargePageMinimum;
	ULONG AitSamplingValue, AppCompatFlag;
	ULONGLONG RNGSeedVersion;
	ULONG GlobalValidationRunlevel;
	LONG TimeZoneBiasStamp;
	ULONG NtBuildNumber, NtProductType; /* 0x260 0x264 */
	BOOLEAN ProductTypeIsValid, Reserved0[1];
	USHORT NativeProcessorArchitecture;
	ULONG NtMajorVersion, NtMinorVersion; /* 0x26c 0x270 */
	BOOLEAN ProcessorFeatures[64];        /* 0x274 */
	ULONG Reserved1, Reserved3, TimeSlip, AlternativeArchitecture, BootId;
	LONGLONG SystemExpirationDate;
	ULONG SuiteMask; /* 0x2d0 */
	BYTE KdDebuggerEnabled, MitigationPolicies;
	USHORT CyclesPerYield;
	ULONG ActiveConsoleId, DismountCount, ComPlusPackage, LastSystemRITEventTickCount;
	ULONG NumberOfPhysicalPages; /* 0x2e8 */
	BOOLEAN SafeBootMode;
	BYTE VirtualizationFlags, Reserved12[2];
	ULONG SharedDataFlags, DataFlagsPad[1]; /* 0x2f0 */
	ULONGLONG TestRetInstruction;
	LONGLONG QpcFrequency;       /* 0x300 */
	ULONG SystemCall, Reserved2; /* 0x308 */
	ULONGLONG SystemCallPad[2];
	struct KSYSTEM_TIME TickCount; /* 0x320 */
	ULONG TickCountPad[1];
	ULONG Cookie, CookiePad[1]; /* 0x330 */
	LONGLONG ConsoleSessionForegroundProcessId;
};

_Static_assert(offsetof(struct KUSER_SHARED_DATA, NtMajorVersion) == 0x26c, "layout");
_Static_assert(offsetof(struct KUSER_SHARED_DATA, ProcessorFeatures) == 0x274, "layout");
_Static_assert(offsetof(struct KUSER_SHARED_DATA, QpcFrequency) == 0x300, "layout");
_Static_assert(offsetof(struct KUSER_SHARED_DATA, TickCount) == 0x320, "layout");
_Static_assert(offsetof(struct KUSER_SHARED_DATA, Cookie) == 0x330, "layout");

static struct KUSER_SHARED_DATA *_Atomic page;

/* A reader takes High1Time, LowPart, High2Time until both are the same. */
static void
set(volatile struct KSYSTEM_TIME *t, uint64_t v)
{
	t->High2Time = (LONG)(v >> 32);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	t->LowPart = (ULONG)v;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	t->High1Time = (LONG)(v >> 32);
}

void
clock_tick(void)
{
	struct KUSER_SHARED_DATA *p = page;
	uint64_t interrupt, ticks;
	if (!p)
		return;
	interrupt = clock_interrupt();
	ticks = clock_ticks();
	/* two may write at a time: time never goes back */
	uint64_t before =
	        (uint64_t)(uint32_t)p->InterruptTime.High1Time << 32 | p->InterruptTime.LowPart;
	if (before > interrupt && before - interrupt < (uint64_t)CLOCK_SECOND)
		return;
	set(&p->InterruptTime, interrupt);
	set(&p->SystemTime, (uint64_t)clock_now());
	/* units of 15.625 ms, as TickCountMultiplier says */
	set(&p->TickCount, ticks * 64 / 1000);
	p->TickCountLowDeprecated = (ULONG)(ticks * 64 / 1000);
}

static void *
ticker(void *unused)
{
	(void)unused;
	for (;;) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ 0, 1000000 }, NULL);
		clock_tick();
	}
	return NULL;
}

static void
fill(struct KUSER_SHARED_DATA *p)
{
	static const WCHAR root[] = u"C:\\Windows";
	int64_t bias = (int64_t)clock_bias(clock_now()) * 60 * CLOCK_SECOND;
	p->TickCountMultiplier = 0x0fa00000;
	set(&p->TimeZoneBias, (uint64_t)bias);
	p->ImageNumberLow = p->ImageNumberHigh = 0x8664;
	memcpy(p->NtSystemRoot, root, sizeof root);
	p->LargePageMinimum = 2 << 20;
	p->NtBuildNumber = SYSINFO_BUILD;
	p->NtProductType = 1;
	p->ProductTypeIsValid = TRUE;
	p->NativeProcessorArchitecture = 9;
	p->NtMajorVersion = 10;
	p->SuiteMask = 0x110;
	p->MitigationPolicies = 0x0a;
	p->CyclesPerYield = 100;
	p->ActiveConsoleId = 1;
	p->NumberOfPhysicalPages = (ULONG)(host_memory().total >> 12);
	p->QpcFrequency = CLOCK_FREQUENCY;
	for (DWORD i = 0; i < 64; i++)
		p->ProcessorFeatures[i] = sysinfo_feature(i);
	host_random(&p->Cookie, sizeof p->Cookie);
}

bool
clock_page(uint64_t address)
{
	static _Atomic int state;
	int none = 0;
	sigset_t all, old;
	pthread_t id;
	pthread_attr_t attr;
	void *p;

	if (address >> 12 != CLOCK_PAGE >> 12)
		return false;
	if (!__atomic_compare_exchange_n((int *)&state, &none, 1, false, __ATOMIC_SEQ_CST,
	                                 __ATOMIC_SEQ_CST)) {
		while (state == 1)
			__builtin_ia32_pause();
		return state == 2;
	}
	p = mmap((void *)(uintptr_t)CLOCK_PAGE, 4096, PROT_READ | PROT_WRITE,
	         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (p != (void *)(uintptr_t)CLOCK_PAGE) {
		state = 3;
		return false;
	}
	fill(p);
	page = p;
	clock_tick();
	/* a thread of ours: no signal is its business */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 65536);
	state = pthread_create(&id, &attr, ticker, NULL) == 0 ? 2 : 3;
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return state == 2;
}
