/* SPDX-License-Identifier: Apache-2.0 */
/* wtsapi32.c -- sessions: there is one, the console's, in which the user is active. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/sid.h"
#include "layer/api/nt/sysinfo.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

enum {
	CURRENT = -1, /* WTS_CURRENT_SESSION */
	ACTIVE = 0,   /* WTSActive */
	ERROR_PRIVILEGE = 1314,
	ERROR_NO_SESSION = 7022, /* ERROR_CTX_WINSTATION_NOT_FOUND */
	TEXT = 260,
	SESSION_CLASSES = 30,
};

WINAPI BOOL advapi32_GetUserNameW(WCHAR *out, DWORD *n);
WINAPI BOOL kernel32_GetComputerNameW(WCHAR *out, DWORD *n);

/* A server is this computer, by whatever handle. */
WINAPI HANDLE
wtsapi32_WTSOpenServerW(WCHAR *name)
{
	static char here;
	(void)name;
	return &here;
}

WINAPI void
wtsapi32_WTSCloseServer(HANDLE server)
{
	(void)server;
}

WINAPI void
wtsapi32_WTSFreeMemory(void *p)
{
	free(p);
}

static DWORD
own_session(void)
{
	return teb()->ProcessEnvironmentBlock->SessionId;
}

static bool
is_session(DWORD id)
{
	return id == (DWORD)CURRENT || id == own_session();
}

/* Text behind a structure: *at moves on.  Bytes are UTF-8, three for a unit at most. */
static void *
put(char **at, const WCHAR *text, bool wide)
{
	char *p = *at;
	size_t n = utf_length(text) + 1;
	if (wide)
		memcpy(p, text, n * sizeof *text);
	else
		nls_ansi_to(text, p, n * 3);
	*at += (n * 3 + 1) & ~(size_t)1;
	return p;
}

static size_t
room_of(const WCHAR *text)
{
	return ((utf_length(text) + 1) * 3 + 1) & ~(size_t)1;
}

/* -- sessions -------------------------------------------------------------------------------------- */

struct session {
	DWORD id;
	void *station;
	int state;
};

static BOOL
sessions(DWORD reserved, DWORD version, struct session **out, DWORD *count, bool wide)
{
	static const WCHAR console[] = u"Console";
	if (reserved || version != 1 || !out || !count)
		return refuse(ERROR_INVALID_PARAMETER);
	struct session *s = malloc(sizeof *s + room_of(console));
	if (!s)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	char *at = (char *)(s + 1);
	s->id = own_session();
	s->station = put(&at, console, wide);
	s->state = ACTIVE;
	*out = s;
	*count = 1;
	return TRUE;
}

WINAPI BOOL
wtsapi32_WTSEnumerateSessionsW(HANDLE server, DWORD reserved, DWORD version, struct session **out,
                               DWORD *count)
{
	(void)server;
	return sessions(reserved, version, out, count, true);
}

WINAPI BOOL
wtsapi32_WTSEnumerateSessionsA(HANDLE server, DWORD reserved, DWORD version, struct session **out,
                               DWORD *count)
{
	(void)server;
	return sessions(reserved, version, out, count, false);
}

/* WTSINFO; of bytes its texts are half as long. */
struct info {
	int state;
	DWORD id, in_bytes, out_bytes, in_frames, out_frames, in_compressed, out_compressed;
	WCHAR station[32], domain[17], user[21];
	LONGLONG connected, disconnected, last_input, logon, current;
};

_Static_assert(sizeof(struct info) == 216, "WTSINFOW");

struct narrow_info {
	int state;
	DWORD id, bytes[6];
	char station[32], domain[17], user[21];
	LONGLONG connected, disconnected, last_input, logon, current;
};

_Static_assert(sizeof(struct narrow_info) == 144, "WTSINFOA");

static void
names(WCHAR computer[TEXT], WCHAR user[TEXT])
{
	DWORD n = TEXT;
	if (!kernel32_GetComputerNameW(computer, &n))
		computer[0] = 0;
	n = TEXT;
	if (!advapi32_GetUserNameW(user, &n))
		user[0] = 0;
}

static void
cut(WCHAR *to, const WCHAR *from, size_t room)
{
	size_t n = utf_length(from);
	if (n >= room)
		n = room - 1;
	memcpy(to, from, n * sizeof *to);
	to[n] = 0;
}

static DWORD
fill_info(void *out, bool wide)
{
	WCHAR computer[TEXT], user[TEXT];
	struct info *i = out;
	struct narrow_info *a = out;
	LONGLONG now = clock_now(), began = clock_started();
	names(computer, user);
	if (wide) {
		*i = (struct info){ .id = own_session(),
			            .connected = began,
			            .last_input = now,
			            .logon = began,
			            .current = now };
		cut(i->station, u"Console", 32);
		cut(i->domain, computer, 17);
		cut(i->user, user, 21);
		return sizeof *i;
	}
	*a = (struct narrow_info){ .id = own_session(),
		                   .connected = began,
		                   .last_input = now,
		                   .logon = began,
		                   .current = now };
	user[20] = computer[16] = 0;
	nls_ansi_to(u"Console", a->station, sizeof a->station);
	nls_ansi_to(computer, a->domain, sizeof a->domain);
	nls_ansi_to(user, a->user, sizeof a->user);
	return sizeof *a;
}

/* The number that a class is, or -1: it is a text.  Its size is in *size. */
static int
number_of(DWORD class, DWORD *size)
{
	*size = sizeof(DWORD);
	switch (class) {
	case 4: return (int)own_session();
	case 8: return ACTIVE;
	case 12: *size = sizeof(USHORT); return 0; /* a console's hardware */
	case 13: return 0;
	case 16: *size = sizeof(USHORT); return 0; /* protocol: the console */
	case 29: return 0;                         /* not remote */
	default: return -1;
	}
}

static bool
text_of(DWORD class, WCHAR out[TEXT])
{
	WCHAR computer[TEXT], user[TEXT];
	names(computer, user);
	out[0] = 0;
	switch (class) {
	case 0: /* initial program, */
	case 1: /* application, */
	case 2: /* working folder, */
	case 3:
	case 10: /* a client's name, */
	case 11: /* its folder: the console has none */ break;
	case 5: cut(out, user, TEXT); break;
	case 6: cut(out, u"Console", TEXT); break;
	case 7: cut(out, computer, TEXT); break;
	default: return false;
	}
	return true;
}

static BOOL
query(DWORD session, DWORD class, void **out, DWORD *size, bool wide)
{
	WCHAR text[TEXT];
	DWORD n = 0;
	if (!out || !size || class >= SESSION_CLASSES)
		return refuse(ERROR_INVALID_PARAMETER);
	if (!is_session(session))
		return refuse(ERROR_NO_SESSION);
	char *p = calloc(1, 4 * TEXT);
	if (!p)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	int number = number_of(class, &n);
	if (number >= 0) {
		memcpy(p, &number, sizeof number);
	} else if (class == 24) {
		n = fill_info(p, wide);
	} else if (text_of(class, text)) {
		char *at = p;
		(void)put(&at, text, wide);
		n = (DWORD)(wide ? (utf_length(text) + 1) * 2 : strlen(p) + 1);
	} else {
		free(p);
		return refuse(ERROR_NOT_SUPPORTED);
	}
	*out = p;
	*size = n;
	return TRUE;
}

WINAPI BOOL
wtsapi32_WTSQuerySessionInformationW(HANDLE server, DWORD session, DWORD class, void **out,
                                     DWORD *size)
{
	(void)server;
	return query(session, class, out, size, true);
}

WINAPI BOOL
wtsapi32_WTSQuerySessionInformationA(HANDLE server, DWORD session, DWORD class, void **out,
                                     DWORD *size)
{
	(void)server;
	return query(session, class, out, size, false);
}

/* Only the system may have another's token. */
WINAPI BOOL
wtsapi32_WTSQueryUserToken(DWORD session, HANDLE *out)
{
	if (!out)
		return refuse(ERROR_INVALID_PARAMETER);
	*out = NULL;
	return refuse(is_session(session) ? (DWORD)ERROR_PRIVILEGE : ERROR_FILE_NOT_FOUND);
}

WINAPI BOOL
wtsapi32_WTSDisconnectSession(HANDLE server, DWORD session, BOOL wait)
{
	(void)server, (void)wait;
	return refuse(is_session(session) ? (DWORD)ERROR_ACCESS_DENIED : ERROR_FILE_NOT_FOUND);
}

WINAPI BOOL
wtsapi32_WTSLogoffSession(HANDLE server, DWORD session, BOOL wait)
{
	return wtsapi32_WTSDisconnectSession(server, session, wait);
}

/* The only session never changes: who registers is never told of anything. */
WINAPI BOOL
wtsapi32_WTSRegisterSessionNotification(HANDLE window, DWORD flags)
{
	if (flags > 1)
		return refuse(ERROR_INVALID_PARAMETER);
	return window ? TRUE : refuse(1400 /* ERROR_INVALID_WINDOW_HANDLE */);
}

WINAPI BOOL
wtsapi32_WTSUnRegisterSessionNotification(HANDLE window)
{
	return window ? TRUE : refuse(1400);
}

/* -- processes ------------------------------------------------------------------------------------------ */

struct process_info {
	DWORD session, id;
	void *name;
	void *sid;
};

static const WCHAR *
base_name(const WCHAR *path)
{
	const WCHAR *base = path;
	for (; *path; path++)
		if (*path == '\\')
			base = path + 1;
	return base;
}

static BOOL
processes(DWORD reserved, DWORD version, struct process_info **out, DWORD *count, bool wide)
{
	if (reserved || version != 1 || !out || !count)
		return refuse(ERROR_INVALID_PARAMETER);
	if (process_share(NULL) < 0)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	size_t n = 0, most = 0;
	for (uint32_t i = 0; i < SHARED_PROCESSES; i++)
		most += shared_lives(&shared->process[i]);
	char *all = calloc(1, most * (sizeof **out + MAX_PATH * 4) + SID_MOST);
	if (!all)
		return refuse(ERROR_NOT_ENOUGH_MEMORY);
	struct process_info *list = (struct process_info *)(void *)all;
	char *at = all + most * sizeof *list;
	BYTE *user = (BYTE *)at;
	memcpy(user, sid_user(), sid_size(sid_user()));
	at += SID_MOST;
	for (uint32_t i = 0; i < SHARED_PROCESSES && n < most; i++) {
		struct shared_process *s = &shared->process[i];
		WCHAR image[MAX_PATH];
		if (!shared_lives(s))
			continue;
		list[n] = (struct process_info){ own_session(), atomic_load(&s->id), NULL, user };
		list[n].name = put(&at, base_name(shared_image(s, image)), wide);
		n++;
	}
	*out = list;
	*count = (DWORD)n;
	return TRUE;
}

WINAPI BOOL
wtsapi32_WTSEnumerateProcessesW(HANDLE server, DWORD reserved, DWORD version,
                                struct process_info **out, DWORD *count)
{
	(void)server;
	return processes(reserved, version, out, count, true);
}

WINAPI BOOL
wtsapi32_WTSEnumerateProcessesA(HANDLE server, DWORD reserved, DWORD version,
                                struct process_info **out, DWORD *count)
{
	(void)server;
	return processes(reserved, version, out, count, false);
}

WINAPI BOOL
wtsapi32_WTSTerminateProcess(HANDLE server, DWORD id, DWORD code)
{
	struct process *p;
	(void)server;
	if (!succeed(process_open(id, &p)))
		return FALSE;
	NTSTATUS s = process_terminate(p, code);
	object_unref(&p->object);
	return succeed(s);
}
