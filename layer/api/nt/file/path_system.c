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

enum { FOLDER, EMPTY, TEXT }; /* TEXT and more: what is in the file */

#define TOOL(name) { "Windows/System32/" name, EMPTY },
#define BUILTIN(name, function, flags, brief)
#define FALLBACK(name, ending, function, brief) TOOL(name ending)

/* Each behind the one that holds it; "" is the disk. */
static const struct row {
	char path[40];
	uint8_t kind;
} rows[] = {
	{ "", FOLDER },
	{ "Program Files", FOLDER },
	{ "Program Files/Common Files", FOLDER },
	{ "Program Files (x86)", FOLDER },
	{ "ProgramData", FOLDER },
	{ "Users", FOLDER },
	{ "Users/Public", FOLDER },
	{ "Users/joist", FOLDER },
	{ "Users/joist/AppData", FOLDER },
	{ "Users/joist/AppData/Local", FOLDER },
	{ "Users/joist/AppData/Local/Temp", FOLDER },
	{ "Users/joist/AppData/LocalLow", FOLDER },
	{ "Users/joist/AppData/Roaming", FOLDER },
	{ "Users/joist/Desktop", FOLDER },
	{ "Users/joist/Documents", FOLDER },
	{ "Users/joist/Downloads", FOLDER },
	{ "Windows", FOLDER },
	{ "Windows/Fonts", FOLDER },
	{ "Windows/System32", FOLDER },
	{ "Windows/System32/drivers", FOLDER },
	{ "Windows/System32/drivers/etc", FOLDER },
	{ "Windows/System32/drivers/etc/hosts", TEXT },
	{ "Windows/System32/drivers/etc/networks", TEXT + 1 },
	{ "Windows/System32/drivers/etc/protocol", TEXT + 2 },
	{ "Windows/System32/drivers/etc/services", TEXT + 3 },
	{ "Windows/SysWOW64", FOLDER },
	{ "Windows/Temp", FOLDER },
	/* Programs look whether these are there before they start them; what starts is our own. */
	TOOL("cmd.exe")
#include "layer/api/cmd/builtin.def"
};
enum { ROWS = sizeof rows / sizeof *rows };
_Static_assert(ROWS < 64, "a bit for each");

#undef BUILTIN
#undef FALLBACK
#undef TOOL

/* In the forms of <sysroot>\system32\drivers\etc: names are looked up with the host's, these are to
 * be read. */
static const char texts[][640] = {
	"127.0.0.1       localhost\r\n"
	"::1             localhost\r\n",

	"loopback        127\r\n",

	"ip              0       IP\r\n"
	"icmp            1       ICMP\r\n"
	"tcp             6       TCP\r\n"
	"udp             17      UDP\r\n"
	"ipv6            41      IPv6\r\n"
	"ipv6-icmp       58      IPv6-ICMP\r\n",

	"echo            7/tcp\r\n"
	"echo            7/udp\r\n"
	"ftp-data        20/tcp\r\n"
	"ftp             21/tcp\r\n"
	"ssh             22/tcp\r\n"
	"telnet          23/tcp\r\n"
	"smtp            25/tcp          mail\r\n"
	"domain          53/tcp\r\n"
	"domain          53/udp\r\n"
	"http            80/tcp          www\r\n"
	"kerberos        88/tcp\r\n"
	"kerberos        88/udp\r\n"
	"pop3            110/tcp\r\n"
	"ntp             123/udp\r\n"
	"imap            143/tcp\r\n"
	"ldap            389/tcp\r\n"
	"https           443/tcp\r\n"
	"https           443/udp\r\n"
	"microsoft-ds    445/tcp\r\n"
	"imaps           993/tcp\r\n"
	"pop3s           995/tcp\r\n",
};

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

/* As far as it is not there yet. */
static bool
make(const char *path, unsigned kind)
{
	if (kind == FOLDER)
		return mkdir(path, 0755) == 0 || errno == EEXIST;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return errno == EEXIST;
	const char *text = kind >= TEXT ? texts[kind - TEXT] : "";
	bool whole = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return whole;
}

void
path_system(const char *root, const char *rest)
{
	uint64_t have = atomic_load_explicit(&made, memory_order_acquire);
	char path[4096];

	if (have == (UINT64_C(1) << ROWS) - 1)
		return;
	for (unsigned i = 0; i < ROWS; i++) {
		if (have >> i & 1 || !on_the_way(rows[i].path, rest))
			continue;
		if (snprintf(path, sizeof path, "%s/%s", root, rows[i].path) >= (int)sizeof path)
			return;
		/* whoever removes it later has removed it */
		if (make(path, rows[i].kind))
			atomic_fetch_or_explicit(&made, UINT64_C(1) << i, memory_order_release);
	}
}

bool
path_system_tool(const WCHAR *path)
{
	static const char folder[] = "C:\\Windows\\System32\\";
	char name[40];
	size_t n = 0;

	while (path[n] && n < sizeof folder - 1 + sizeof name - 1 && path[n] < 128) {
		if (n < sizeof folder - 1 && lower((char)path[n]) != lower(folder[n]))
			return false;
		if (n >= sizeof folder - 1)
			name[n - (sizeof folder - 1)] = lower((char)path[n]);
		n++;
	}
	if (path[n] || n < sizeof folder)
		return false;
	name[n - (sizeof folder - 1)] = '\0';
	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i].kind == EMPTY && strcmp(strrchr(rows[i].path, '/') + 1, name) == 0)
			return true;
	return false;
}
