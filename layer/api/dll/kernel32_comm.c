/* SPDX-License-Identifier: Apache-2.0 */
/* kernel32_comm.c -- communications ports: a machine is given none, so no handle is one.
 *
 * What can be asked of a port is refused as other files refuse it; a description of how a port
 * shall be set (BuildCommDCB) is read all the same.
 */
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/dll.h"
#include "layer/api/nt/file/console.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

/* Programs ask what they were given as standard input: a console says that it is no such handle. */
static BOOL
no_port(HANDLE h)
{
	struct file *f;
	NTSTATUS s = file_get(h, 0, &f);
	if (s < 0)
		return succeed(s);
	bool console = f->kind == &console_kind;
	file_unref(f);
	return refuse(console ? ERROR_INVALID_HANDLE : ERROR_INVALID_FUNCTION);
}

WINAPI BOOL
kernel32_SetCommBreak(HANDLE h)
{
	return no_port(h);
}

WINAPI BOOL
kernel32_GetCommState(HANDLE h, void *state)
{
	(void)state;
	return no_port(h);
}

WINAPI BOOL
kernel32_PurgeComm(HANDLE h, DWORD flags)
{
	(void)flags;
	return no_port(h);
}

WINAPI BOOL
kernel32_TransmitCommChar(HANDLE h, char c)
{
	(void)c;
	return no_port(h);
}

WINAPI BOOL
kernel32_SetupComm(HANDLE h, DWORD in, DWORD out)
{
	(void)in, (void)out;
	return no_port(h);
}

WINAPI BOOL
kernel32_ClearCommError(HANDLE h, DWORD *errors, void *state)
{
	(void)errors, (void)state;
	return no_port(h);
}

/* -- how a port shall be set ------------------------------------------------------------------- */

struct DCB {
	DWORD size, baud, flags;
	WORD reserved, xon_limit, xoff_limit;
	BYTE bits, parity, stop;
	char xon, xoff, error, end, event;
	WORD reserved1;
};

_Static_assert(sizeof(struct DCB) == 28, "DCB");

enum {
	DCB_CTS = 1 << 2,
	DCB_DSR = 1 << 3,
	DCB_DTR = 3 << 4,
	DCB_DTR_ENABLE = 1 << 4,
	DCB_DTR_HANDSHAKE = 2 << 4,
	DCB_SENSITIVE = 1 << 6,
	DCB_XON = 3 << 8, /* both ways */
	DCB_RTS = 3 << 12,
	DCB_RTS_ENABLE = 1 << 12,
	DCB_RTS_HANDSHAKE = 2 << 12,
	DCB_RTS_TOGGLE = 3 << 12,
	STOP_ONE = 0,
	STOP_ONE_AND_HALF = 1,
	STOP_TWO = 2,
};

static bool
whole(const char *s, DWORD *v)
{
	DWORD n = 0;
	if (!*s || strlen(s) > 8)
		return false;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return false;
		n = n * 10 + (DWORD)(*s - '0');
	}
	*v = n;
	return true;
}

static bool
set_baud(struct DCB *d, const char *v)
{
	/* two digits stand for a usual speed */
	static const struct {
		const char *digits;
		DWORD baud;
	} few[] = { { "11", 110 },  { "15", 150 },  { "30", 300 },  { "60", 600 },  { "12", 1200 },
		    { "24", 2400 }, { "48", 4800 }, { "96", 9600 }, { "19", 19200 } };
	for (size_t i = 0; i < sizeof few / sizeof *few; i++)
		if (!strcmp(few[i].digits, v)) {
			d->baud = few[i].baud;
			return true;
		}
	return whole(v, &d->baud);
}

static bool
set_parity(struct DCB *d, const char *v)
{
	static const char letters[] = "noems";
	const char *at = *v && !v[1] ? strchr(letters, *v | 32) : NULL;
	if (at && *at)
		d->parity = (BYTE)(at - letters);
	return at && *at;
}

static bool
set_bits(struct DCB *d, const char *v)
{
	DWORD n;
	if (!whole(v, &n) || n < 5 || n > 8)
		return false;
	d->bits = (BYTE)n;
	return true;
}

static bool
set_stop(struct DCB *d, const char *v)
{
	if (!strcmp(v, "1"))
		d->stop = STOP_ONE;
	else if (!strcmp(v, "1.5"))
		d->stop = STOP_ONE_AND_HALF;
	else if (!strcmp(v, "2"))
		d->stop = STOP_TWO;
	else
		return false;
	return true;
}

/* on or off, and for some hs or tg: a field of the flags. */
static bool
set_flag(struct DCB *d, DWORD mask, DWORD on, DWORD handshake, DWORD toggle, const char *v)
{
	DWORD f = !strcmp(v, "on")    ? on
	          : !strcmp(v, "off") ? 0
	          : !strcmp(v, "hs")  ? handshake
	          : !strcmp(v, "tg")  ? toggle
	                              : UINT32_MAX;
	if (f == UINT32_MAX || (f == 0 && strcmp(v, "off")))
		return false;
	d->flags = (d->flags & ~mask) | f;
	return true;
}

static bool
set(struct DCB *d, const char *key, const char *v)
{
	if (!strcmp(key, "baud"))
		return set_baud(d, v);
	if (!strcmp(key, "parity"))
		return set_parity(d, v);
	if (!strcmp(key, "data"))
		return set_bits(d, v);
	if (!strcmp(key, "stop"))
		return set_stop(d, v);
	if (!strcmp(key, "xon"))
		return set_flag(d, DCB_XON, DCB_XON, 0, 0, v);
	if (!strcmp(key, "octs"))
		return set_flag(d, DCB_CTS, DCB_CTS, 0, 0, v);
	if (!strcmp(key, "odsr"))
		return set_flag(d, DCB_DSR, DCB_DSR, 0, 0, v);
	if (!strcmp(key, "idsr"))
		return set_flag(d, DCB_SENSITIVE, DCB_SENSITIVE, 0, 0, v);
	if (!strcmp(key, "dtr"))
		return set_flag(d, DCB_DTR, DCB_DTR_ENABLE, DCB_DTR_HANDSHAKE, 0, v);
	if (!strcmp(key, "rts"))
		return set_flag(d, DCB_RTS, DCB_RTS_ENABLE, DCB_RTS_HANDSHAKE, DCB_RTS_TOGGLE, v);
	return !strcmp(key, "to") && (!strcmp(v, "on") || !strcmp(v, "off"));
}

/* "96,n,8,1", with x or p behind it. */
static bool
old_form(struct DCB *d, char *text)
{
	char *save = NULL, *word = strtok_r(text, ",", &save);
	bool (*const part[])(struct DCB *, const char *) = { set_baud, set_parity, set_bits,
		                                             set_stop };
	bool fine = word != NULL;
	for (int i = 0; word && fine; i++, word = strtok_r(NULL, ",", &save)) {
		if (i < 4)
			fine = part[i](d, word);
		else if (i == 4 && !strcmp(word, "x"))
			d->flags |= DCB_XON | DCB_DTR_ENABLE | DCB_RTS_ENABLE;
		else if (i == 4 && !strcmp(word, "p"))
			d->flags |= DCB_CTS | DCB_DSR | DCB_DTR_HANDSHAKE | DCB_RTS_HANDSHAKE;
		else
			fine = false;
	}
	return fine;
}

static bool
build(struct DCB *d, char *text)
{
	char *save = NULL;
	for (char *p = text; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 32) : *p;
	/* COM1:, COM1 */
	if (!strncmp(text, "com", 3)) {
		text += 3;
		while (*text >= '0' && *text <= '9')
			text++;
		text += *text == ':';
	}
	while (*text == ' ')
		text++;
	if (!strchr(text, '='))
		return old_form(d, text);
	char *word = strtok_r(text, " ", &save);
	bool fine = word != NULL;
	for (; word && fine; word = strtok_r(NULL, " ", &save)) {
		char *v = strchr(word, '=');
		if (!v)
			return false;
		*v++ = 0;
		fine = set(d, word, v);
	}
	return fine;
}

WINAPI BOOL
kernel32_BuildCommDCBA(const char *text, struct DCB *d)
{
	char *own = text && d ? strdup(text) : NULL;
	if (!own)
		return refuse(ERROR_INVALID_PARAMETER);
	struct DCB made = *d;
	made.size = sizeof made;
	bool fine = build(&made, own);
	free(own);
	if (!fine)
		return refuse(ERROR_INVALID_PARAMETER);
	*d = made;
	return TRUE;
}

WINAPI BOOL
kernel32_BuildCommDCBW(const WCHAR *text, struct DCB *d)
{
	char *narrow = text ? nls_ansi(text) : NULL;
	BOOL fine = kernel32_BuildCommDCBA(narrow, d);
	free(narrow);
	return fine;
}
