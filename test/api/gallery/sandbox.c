/* SPDX-License-Identifier: Apache-2.0 */
// What a program can reach beyond what it was given: nothing.
// needs: joist mingw root
// libs: -lws2_32

// test: a system call of its own has Windows' answer
// run: joist run --rm $GUEST call
// expect: c000001c

// test: files of the host that were not given
// run: joist run --rm $GUEST read 'Z:\etc\passwd'
// expect: refused
// run: joist run --rm $GUEST read /etc/shadow
// expect: refused

// test: the machine's own folder is not among what it sees
// run: joist run --rm $GUEST list 'C:\..\..'
// expect-not: config.json

// test: a network in which it is alone, unless it is given the host's
// run: joist run --rm $GUEST socket
// expect: itself is there
// expect: others are not: 10051
// run: joist run --rm --net host $GUEST socket
// expect-has: itself is there
// run: joist run --rm --allow net $GUEST socket
// expect-has: itself is there

// test: a folder that was given to be read
// run: cd $W && mkdir -p d && echo text >d/f && joist run --rm -v ./d:E:ro $GUEST read 'E:\f'
// expect: text
// run: cd $W && joist run --rm -v ./d:E:ro $GUEST write 'E:\g'
// expect: refused
// run: cd $W && joist run --rm -v ./d:E $GUEST write 'E:\g' && cat d/g
// expect: written
// expect: new

// test: --deny-all takes the working folder
// run: cd $W && echo text >h && joist run --rm $GUEST read h
// expect: text
// run: mkdir -p $W/e && cd $W/e && echo text >i && joist run --rm -w $W/e $GUEST read i
// expect: text
// run: mkdir -p /tmp/joist-e.$$ && cd /tmp/joist-e.$$ && echo text >i && joist run --rm --deny-all $GUEST read i; rm -r /tmp/joist-e.$$
// expect: refused
#include <winsock2.h>
#include <windows.h>
#include <stdio.h>
#include <string.h>

static unsigned
raw_call(void)
{
	unsigned long long r = 39; /* getpid of Linux */
	__asm__ volatile("syscall" : "+a"(r) : : "rcx", "r11", "memory");
	return (unsigned)r;
}

static void
read_file(const char *path)
{
	char text[64];
	DWORD n = 0;
	HANDLE h = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
	if (h == INVALID_HANDLE_VALUE || !ReadFile(h, text, sizeof text - 1, &n, NULL)) {
		puts("refused");
		return;
	}
	text[n] = '\0';
	printf("%s", text);
	CloseHandle(h);
}

static void
write_file(const char *path)
{
	DWORD n = 0;
	HANDLE h = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	if (h == INVALID_HANDLE_VALUE || !WriteFile(h, "new\n", 4, &n, NULL)) {
		puts("refused");
		return;
	}
	puts("written");
	CloseHandle(h);
}

static void
list(const char *path)
{
	char pattern[300];
	WIN32_FIND_DATAA d;
	snprintf(pattern, sizeof pattern, "%s\\*", path);
	HANDLE h = FindFirstFileA(pattern, &d);
	if (h == INVALID_HANDLE_VALUE)
		return;
	do
		puts(d.cFileName);
	while (FindNextFileA(h, &d));
	FindClose(h);
}

static void
make_socket(void)
{
	WSADATA d;
	struct sockaddr_in a = { .sin_family = AF_INET };
	int n = sizeof a;
	WSAStartup(0x202, &d);
	SOCKET l = socket(AF_INET, SOCK_STREAM, 0), c = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(l, (struct sockaddr *)&a, sizeof a) == 0 && listen(l, 1) == 0 &&
	    getsockname(l, (struct sockaddr *)&a, &n) == 0 &&
	    connect(c, (struct sockaddr *)&a, sizeof a) == 0)
		puts("itself is there");
	c = socket(AF_INET, SOCK_DGRAM, 0);
	a.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1: of documentation */
	if (connect(c, (struct sockaddr *)&a, sizeof a) != 0)
		printf("others are not: %d\n", WSAGetLastError());
}

int
main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (strcmp(what, "call") == 0)
		printf("%x\n", raw_call());
	else if (strcmp(what, "read") == 0)
		read_file(argv[2]);
	else if (strcmp(what, "write") == 0)
		write_file(argv[2]);
	else if (strcmp(what, "list") == 0)
		list(argv[2]);
	else if (strcmp(what, "socket") == 0)
		make_socket();
	return 0;
}
