/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/file/path_system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each behind the one that holds it; "" is the disk. */
static const char rows[][40] = {
	"",
	"Program Files",
	"Program Files/Common Files",
	"Program Files (x86)",
	"ProgramData",
	"Users",
	"Users/Public",
	"Users/joist",
	"Users/joist/AppData",
	"Users/joist/AppData/Local",
	"Users/joist/AppData/Local/Temp",
	"Users/joist/AppData/LocalLow",
	"Users/joist/AppData/Roaming",
	"Users/joist/Desktop",
	"Users/joist/Documents",
	"Users/joist/Downloads",
	"Windows",
	"Windows/Fonts",
	"Windows/System32",
	"Windows/System32/drivers",
	"Windows/System32/drivers/etc",
	"Windows/SysWOW64",
	"Windows/Temp",
	/* Files, from here on.  Programs look whether they are there before they start them; what
	 * starts is our own. */
	"Windows/System32/cmd.exe",
	"Windows/System32/find.exe",
	"Windows/System32/findstr.exe",
	"Windows/System32/more.com",
	"Windows/System32/sort.exe",
	"Windows/System32/taskkill.exe",
	"Windows/System32/tasklist.exe",
	"Windows/System32/timeout.exe",
	"Windows/System32/where.exe",
	"Windows/System32/xcopy.exe",
};
enum { ROWS = sizeof rows / sizeof *rows, TOOLS = 9, FILES = ROWS - TOOLS - 1 };

static _Atomic uint64_t made; /* bits: that row */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Does the way to one lead through the other?  In whole names, without case. */
static bool
on_the_way(const char *row, const char *rest)
{
	size_t i = 0;
	while (row[i] && lower(row[i]) == lower(rest[i]))
		i++;
	if (!row[i])
		return i == 0 || !rest[i] || rest[i] == '/';
	return !rest[i] && (i == 0 || row[i] == '/');
}

void
path_system(const char *root, const char *rest)
{
	uint64_t have = atomic_load_explicit(&made, memory_order_acquire);
	char path[4096];

	if (have == (UINT64_C(1) << ROWS) - 1)
		return;
	for (unsigned i = 0; i < ROWS; i++) {
		if (have >> i & 1 || !on_the_way(rows[i], rest))
			continue;
		if (snprintf(path, sizeof path, "%s/%s", root, rows[i]) >= (int)sizeof path)
			return;
		int fd = i >= FILES ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;
		bool there = fd >= 0 || (i < FILES && (mkdir(path, 0755) == 0 || errno == EEXIST));
		if (fd >= 0)
			close(fd);
		/* whoever removes it later has removed it */
		if (there)
			atomic_fetch_or_explicit(&made, UINT64_C(1) << i, memory_order_release);
	}
}

bool
path_system_tool(const WCHAR *path)
{
	for (unsigned i = ROWS - TOOLS; path && i < ROWS; i++) {
		const WCHAR *p = path;
		const char *row = rows[i];
		if ((p[0] | 32) != 'c' || p[1] != ':')
			return false;
		for (p += 2; *p == '\\' || *p == '/'; p++)
			;
		while (*row && (lower(*row) == (*p < 128 ? lower((char)*p) : 0) ||
		                (*row == '/' && *p == '\\')))
			row++, p++;
		if (!*row && !*p)
			return true;
	}
	return false;
}
