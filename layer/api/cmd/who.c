/* SPDX-License-Identifier: Apache-2.0 */
/* who.c -- hostname and whoami. */
#include "layer/api/cmd/builtin.h"

WINAPI BOOL kernel32_GetComputerNameExW(int which, WCHAR *out, DWORD *n);
WINAPI BOOL advapi32_GetUserNameW(WCHAR *out, DWORD *n);

enum { COMPUTER_NETBIOS, COMPUTER_DNS, NAME_MOST = 256 };

int32_t
builtin_hostname(struct cmd *c, const WCHAR *args)
{
	WCHAR name[NAME_MOST];
	DWORD n = NAME_MOST;
	while (*args == ' ' || *args == '\t')
		args++;
	if (*args)
		return cmd_fail(
		        c, "sethostname: Use the Network Control Panel Applet to set hostname.");
	if (!kernel32_GetComputerNameExW(COMPUTER_DNS, name, &n))
		return cmd_last(c);
	cmd_out(c, name);
	cmd_say(c, "");
	return 0;
}

/* "computer\user", in lower case as Windows has it. */
int32_t
builtin_whoami(struct cmd *c, const WCHAR *args)
{
	WCHAR name[NAME_MOST];
	DWORD n = NAME_MOST;
	struct wtext t = { 0 };
	while (*args == ' ' || *args == '\t')
		args++;
	if (*args)
		return cmd_fail(c, "ERROR: Only the user's name is told here: use whoami alone.");
	if (!kernel32_GetComputerNameExW(COMPUTER_NETBIOS, name, &n))
		return cmd_last(c);
	wtext_add(&t, name);
	wtext_addc(&t, '\\');
	n = NAME_MOST;
	if (!advapi32_GetUserNameW(name, &n)) {
		wtext_free(&t);
		return cmd_last(c);
	}
	wtext_add(&t, name);
	for (size_t i = 0; i < t.n; i++)
		t.p[i] = t.p[i] >= 'A' && t.p[i] <= 'Z' ? (WCHAR)(t.p[i] + 32) : t.p[i];
	cmd_out(c, wtext_of(&t));
	cmd_say(c, "");
	wtext_free(&t);
	return 0;
}
