/* SPDX-License-Identifier: Apache-2.0 */
/* winmm.c -- time; there is no sound. */
#include "layer/api/dll/dll.h"
#include "layer/api/nt/clock.h"

enum {
	TIMERR_NOCANDO = 97,
	MMSYSERR_BADDEVICEID = 2,
	MMSYSERR_NODRIVER = 6,
	MMSYSERR_INVALHANDLE = 5
};

WINAPI DWORD
winmm_timeGetTime(void)
{
	return (DWORD)clock_ticks();
}
WINAPI UINT
winmm_timeBeginPeriod(UINT ms)
{
	return ms ? 0 : TIMERR_NOCANDO;
}
WINAPI UINT
winmm_timeEndPeriod(UINT ms)
{
	return ms ? 0 : TIMERR_NOCANDO;
}

struct TIMECAPS {
	UINT least, most;
};

WINAPI UINT
winmm_timeGetDevCaps(struct TIMECAPS *c, UINT size)
{
	if (!c || size < sizeof *c)
		return TIMERR_NOCANDO;
	*c = (struct TIMECAPS){ 1, 1000000 };
	return 0;
}

struct MMTIME {
	UINT type;
	DWORD ms, more; /* as a SMPTE time needs it */
};

WINAPI UINT
winmm_timeGetSystemTime(struct MMTIME *t, UINT size)
{
	if (!t || size < sizeof *t)
		return TIMERR_NOCANDO;
	*t = (struct MMTIME){ 1, (DWORD)clock_ticks(), 0 };
	return 0;
}

WINAPI UINT
winmm_waveOutGetNumDevs(void)
{
	return 0;
}
WINAPI UINT
winmm_waveInGetNumDevs(void)
{
	return 0;
}
WINAPI UINT
winmm_midiOutGetNumDevs(void)
{
	return 0;
}
WINAPI UINT
winmm_midiInGetNumDevs(void)
{
	return 0;
}
WINAPI UINT
winmm_mixerGetNumDevs(void)
{
	return 0;
}
WINAPI UINT
winmm_auxGetNumDevs(void)
{
	return 0;
}
WINAPI UINT
winmm_joyGetNumDevs(void)
{
	return 0;
}

WINAPI UINT
winmm_waveOutOpen(void **out, UINT device, const void *format, DWORD_PTR callback,
                  DWORD_PTR instance, DWORD flags)
{
	(void)out, (void)device, (void)format, (void)callback, (void)instance, (void)flags;
	return MMSYSERR_BADDEVICEID;
}

WINAPI UINT
winmm_waveInOpen(void **out, UINT device, const void *format, DWORD_PTR callback,
                 DWORD_PTR instance, DWORD flags)
{
	(void)out, (void)device, (void)format, (void)callback, (void)instance, (void)flags;
	return MMSYSERR_BADDEVICEID;
}

WINAPI BOOL
winmm_PlaySoundW(const WCHAR *name, HMODULE module, DWORD flags)
{
	(void)module, (void)flags;
	return !name; /* none: what sounds is to stop */
}

WINAPI BOOL
winmm_PlaySoundA(const char *name, HMODULE module, DWORD flags)
{
	(void)module, (void)flags;
	return !name; /* none: what sounds is to stop */
}
