/* SPDX-License-Identifier: Apache-2.0 */
/* task.c -- processes of the machine: tasklist and taskkill. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "layer/api/cmd/builtin.h"

enum { TH32CS_SNAPPROCESS = 2, PROCESS_TERMINATE = 1, PROCESS_LOOK = 0x1410, NOT_FOUND = 128 };

struct PROCESSENTRY32W {
	DWORD dwSize, cntUsage, th32ProcessID;
	ULONG_PTR th32DefaultHeapID;
	DWORD th32ModuleID, cntThreads, th32ParentProcessID;
	LONG pcPriClassBase;
	DWORD dwFlags;
	WCHAR szExeFile[MAX_PATH];
};

struct PROCESS_MEMORY_COUNTERS {
	DWORD cb, PageFaultCount;
	SIZE_T PeakWorkingSetSize, WorkingSetSize, others[6];
};

WINAPI HANDLE kernel32_CreateToolhelp32Snapshot(DWORD flags, DWORD id);
WINAPI BOOL kernel32_Process32FirstW(HANDLE h, struct PROCESSENTRY32W *e);
WINAPI BOOL kernel32_Process32NextW(HANDLE h, struct PROCESSENTRY32W *e);
WINAPI HANDLE kernel32_OpenProcess(DWORD access, BOOL inherit, DWORD id);
WINAPI BOOL kernel32_TerminateProcess(HANDLE h, UINT code);
WINAPI DWORD kernel32_GetCurrentProcessId(void);
WINAPI BOOL psapi_GetProcessMemoryInfo(HANDLE h, struct PROCESS_MEMORY_COUNTERS *c, DWORD size);

struct tasks {
	struct PROCESSENTRY32W *p; /* own */
	size_t n;
};

static struct tasks
all_tasks(void)
{
	struct tasks t = { 0 };
	struct PROCESSENTRY32W e = { .dwSize = sizeof e };
	HANDLE h = kernel32_CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);

	for (BOOL more = kernel32_Process32FirstW(h, &e); more;
	     more = kernel32_Process32NextW(h, &e)) {
		t.p = xrealloc(t.p, (t.n + 1) * sizeof *t.p);
		t.p[t.n++] = e;
	}
	kernel32_CloseHandle(h);
	return t;
}

static bool
is_number(const WCHAR *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s < '0' || *s > '9')
			return false;
	return true;
}

static DWORD
number(const WCHAR *s)
{
	DWORD n = 0;
	for (; *s; s++)
		n = n * 10 + (DWORD)(*s - '0');
	return n;
}

/* -- what is wanted: /FLAG and the word behind it ---------------------------------------------- */

struct wish {
	bool force, tree, no_header, bad;
	WCHAR format;                   /* T(able), C(SV), L(ist) */
	struct words id, image, filter; /* texts lent */
};

static void
also(struct words *w, const struct word *what)
{
	w->p = xrealloc(w->p, (w->n + 1) * sizeof *w->p);
	w->p[w->n++] = *what;
}

static struct wish
read_wish(const struct words *w)
{
	struct wish x = { .format = 'T' };

	for (size_t i = 0; i < w->n; i++) {
		const WCHAR *s = w->p[i].text;
		bool value = i + 1 < w->n;
		if (*s != '/' && *s != '-') {
			x.bad = true;
			continue;
		}
		s++;
		if (wtext_is(s, "f")) {
			x.force = true;
		} else if (wtext_is(s, "t")) {
			x.tree = true;
		} else if (wtext_is(s, "nh")) {
			x.no_header = true;
		} else if (wtext_is(s, "pid") && value) {
			also(&x.id, &w->p[++i]);
		} else if (wtext_is(s, "im") && value) {
			also(&x.image, &w->p[++i]);
		} else if (wtext_is(s, "fi") && value) {
			also(&x.filter, &w->p[++i]);
		} else if (wtext_is(s, "fo") && value) {
			x.format = wtext_upper(*w->p[++i].text);
		} else {
			x.bad = true;
		}
	}
	return x;
}

static void
drop_wish(struct wish *x)
{
	free(x->id.p);
	free(x->image.p);
	free(x->filter.p);
}

/* "PID eq 8", "IMAGENAME ne cmd.exe": others are of what there is not here. */
static bool
passes(const struct wish *x, const struct PROCESSENTRY32W *e)
{
	for (size_t i = 0; i < x->filter.n; i++) {
		struct words w = cmd_words_of(x->filter.p[i].text);
		bool fits = true;
		if (w.n == 3) {
			const WCHAR *v = w.p[2].text;
			bool is = wtext_is(w.p[0].text, "pid")
			                  ? is_number(v) && number(v) == e->th32ProcessID
			          : wtext_is(w.p[0].text, "imagename")
			                  ? wtext_match(v, e->szExeFile)
			                  : true;
			fits = wtext_is(w.p[1].text, "ne") ? !is : is;
		}
		cmd_words_free(&w);
		if (!fits)
			return false;
	}
	return true;
}

/* -- tasklist ----------------------------------------------------------------------------------- */

static uint64_t
memory_of(DWORD id)
{
	struct PROCESS_MEMORY_COUNTERS m = { .cb = sizeof m };
	HANDLE h = kernel32_OpenProcess(PROCESS_LOOK, FALSE, id);

	if (h && !psapi_GetProcessMemoryInfo(h, &m, sizeof m))
		m.WorkingSetSize = 0;
	if (h)
		kernel32_CloseHandle(h);
	return m.WorkingSetSize / 1024;
}

/* 12,345 K */
static void
kilobytes(uint64_t k, char out[32])
{
	char digits[24];
	int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)k), o = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			out[o++] = ',';
		out[o++] = digits[i];
	}
	memcpy(out + o, " K", 3);
}

static void
row(struct cmd *c, const struct wish *x, const struct PROCESSENTRY32W *e)
{
	char text[256], memory[32];
	struct wtext t = { 0 };
	size_t n = wtext_len(e->szExeFile);

	kilobytes(memory_of(e->th32ProcessID), memory);
	if (x->format == 'C') {
		wtext_addc(&t, '"');
		wtext_add(&t, e->szExeFile);
		snprintf(text, sizeof text, "\",\"%u\",\"Console\",\"1\",\"%s\"\r\n",
		         e->th32ProcessID, memory);
	} else if (x->format == 'L') {
		wtext_ascii(&t, "\r\nImage Name:   ");
		wtext_add(&t, e->szExeFile);
		snprintf(text, sizeof text,
		         "\r\nPID:          %u\r\nSession Name: Console\r\nSession#:     1\r\n"
		         "Mem Usage:    %s\r\n",
		         e->th32ProcessID, memory);
	} else {
		wtext_addn(&t, e->szExeFile, n < 25 ? n : 25);
		for (; n < 25; n++)
			wtext_addc(&t, ' ');
		snprintf(text, sizeof text, " %8u %-16s %11d %12s\r\n", e->th32ProcessID, "Console",
		         1, memory);
	}
	wtext_ascii(&t, text);
	cmd_out(c, wtext_of(&t));
	wtext_free(&t);
}

int32_t
builtin_tasklist(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	struct wish x = read_wish(&w);
	struct tasks t = all_tasks();
	bool any = false;
	int32_t code = 0;

	for (size_t i = 0; !x.bad && i < t.n; i++) {
		if (t.p[i].th32ProcessID == kernel32_GetCurrentProcessId() || !passes(&x, &t.p[i]))
			continue;
		if (!any && !x.no_header && x.format == 'C')
			cmd_say(c, "\"Image Name\",\"PID\",\"Session Name\",\"Session#\",\"Mem "
			           "Usage\"");
		if (!any && !x.no_header && x.format == 'T')
			cmd_say(c,
			        "\r\nImage Name                     PID Session Name        "
			        "Session#    Mem Usage\r\n"
			        "========================= ======== ================ =========== "
			        "============");
		any = true;
		row(c, &x, &t.p[i]);
	}
	if (x.bad)
		code = cmd_fail(c, "ERROR: Invalid argument/option.\r\n"
		                   "Type \"TASKLIST /?\" for usage.");
	else if (!any)
		cmd_say(c, "INFO: No tasks are running which match the specified criteria.");
	free(t.p);
	drop_wish(&x);
	cmd_words_free(&w);
	return code;
}

/* -- taskkill ------------------------------------------------------------------------------------- */

static void
say(struct cmd *c, bool error, const char *text)
{
	if (error)
		(void)cmd_fail(c, text);
	else
		cmd_say(c, text);
}

/* Those below first, as it would be their parent that is gone else. */
static int32_t
end_task(struct cmd *c, const struct tasks *t, const struct wish *x, DWORD id, DWORD parent,
         int depth)
{
	char text[256], who[96];
	int32_t code = 0;

	for (size_t i = 0; x->tree && depth < 64 && i < t->n; i++)
		if (t->p[i].th32ParentProcessID == id && t->p[i].th32ProcessID != id &&
		    t->p[i].th32ProcessID != kernel32_GetCurrentProcessId())
			code |= end_task(c, t, x, t->p[i].th32ProcessID, id, depth + 1);
	if (x->tree)
		snprintf(who, sizeof who, "PID %u (child process of PID %u)", id, parent);
	else
		snprintf(who, sizeof who, "PID %u", id);
	/* a console program has no window that could be asked to close */
	HANDLE h = x->force ? kernel32_OpenProcess(PROCESS_TERMINATE, FALSE, id) : NULL;
	bool ended = h && kernel32_TerminateProcess(h, 1);
	if (h)
		kernel32_CloseHandle(h);
	snprintf(text, sizeof text,
	         ended      ? "SUCCESS: The process with %s has been terminated."
	         : x->force ? "ERROR: The process with %s could not be terminated.\r\n"
	                      "Reason: Access is denied."
	                    : "ERROR: The process with %s could not be terminated.\r\n"
	                      "Reason: This process can only be terminated forcefully (with /F "
	                      "option).",
	         who);
	say(c, !ended, text);
	return ended ? code : 1;
}

int32_t
builtin_taskkill(struct cmd *c, const WCHAR *args)
{
	struct words w = cmd_words_of(args);
	struct wish x = read_wish(&w);
	struct tasks t = all_tasks();
	int32_t code = 0;

	for (size_t i = 0; !x.bad && i < x.id.n + x.image.n; i++) {
		const WCHAR *want = i < x.id.n ? x.id.p[i].text : x.image.p[i - x.id.n].text;
		bool by_id = i < x.id.n && is_number(want), found = false;
		for (size_t k = 0; k < t.n; k++) {
			const struct PROCESSENTRY32W *e = &t.p[k];
			if (!(by_id ? number(want) == e->th32ProcessID
			            : wtext_match(want, e->szExeFile)) ||
			    e->th32ProcessID == kernel32_GetCurrentProcessId() || !passes(&x, e))
				continue;
			found = true;
			code |= end_task(c, &t, &x, e->th32ProcessID, e->th32ParentProcessID, 0);
		}
		if (!found) {
			struct wtext m = { 0 };
			wtext_ascii(&m, "ERROR: The process \"");
			wtext_add(&m, want);
			wtext_ascii(&m, "\" not found.");
			size_t n;
			char *text = wtext_to_utf8(wtext_of(&m), m.n, &n);
			(void)cmd_fail(c, text);
			free(text);
			wtext_free(&m);
			code = NOT_FOUND;
		}
	}
	if (x.bad || !(x.id.n + x.image.n))
		code = cmd_fail(
		        c, "ERROR: Invalid syntax. Neither /FI nor /PID nor /IM were specified.\r\n"
		           "Type \"TASKKILL /?\" for usage.");
	free(t.p);
	drop_wish(&x);
	cmd_words_free(&w);
	return code;
}
