/* SPDX-License-Identifier: Apache-2.0 */
// Other programs, threads and signals by the C run-time; what runs at the end.
// needs: joist mingw
// run: cd $W && joist run --rm $GUEST
// expect: system gives 3, and 1 for NULL
// expect: child: x -
// expect: spawned: 5
// expect: child: y yes
// expect: spawned: 5
// expect: from cmd: hello
// expect: from cmd: there
// expect: pclose gives 4
// expect: descriptor 3 is inherited
// expect: spawned: 0
// expect: no such program: 2
// expect: thread left 7
// expect: plain thread left 8
// expect: signal 15
// expect: again by default
// expect: last words
// expect-status: 3
#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

static unsigned __stdcall thread(void *p)
{
	*(int *)p = 7;
	_endthreadex(9);
}

static HANDLE finished;

static void
plain(void *p)
{
	*(int *)p = 8;
	SetEvent(finished);
	_endthread();
}

static void
on_term(int sig)
{
	printf("signal %d\n", sig);
}

static void
last(void)
{
	printf("last words\n");
}

static int
child(int argc, char **argv)
{
	if (strcmp(argv[1], "write") == 0)
		return _write((int)strtol(argv[2], NULL, 10), "descriptor 3 is inherited\n", 26) !=
		       26;
	printf("child: %s %s\n", argv[1], getenv("CHILD") ? getenv("CHILD") : "-");
	return argc + 3;
}

int
main(int argc, char **argv)
{
	const char *env[] = { "CHILD=yes", "SystemRoot=C:\\Windows", NULL };
	char b[64];
	int left = 0;
	if (argc > 1)
		return child(argc, argv);
	int (*const run)(const char *) = system; /* which is what is tested here */
	printf("system gives %d, and %d for NULL\n", run("exit 3"), run(NULL));
	fflush(stdout);
	printf("spawned: %d\n", (int)_spawnl(_P_WAIT, argv[0], argv[0], "x", NULL));
	fflush(stdout);
	printf("spawned: %d\n", (int)_spawnle(_P_WAIT, argv[0], argv[0], "y", NULL, env));
	FILE *f = _popen("echo hello&&echo there&&exit 4", "r");
	while (f && fgets(b, sizeof b, f))
		printf("from cmd: %s", b);
	printf("pclose gives %d\n", f ? _pclose(f) : -1);
	fflush(stdout);
	int fd = _dup(1);
	snprintf(b, sizeof b, "%d", fd);
	intptr_t h = _spawnl(_P_NOWAIT, argv[0], argv[0], "write", b, NULL);
	int status = -1;
	_cwait(&status, h, 0);
	printf("spawned: %d\n", status);
	errno = 0;
	_spawnlp(_P_WAIT, "no-such-program", "x", NULL);
	printf("no such program: %d\n", errno);
	HANDLE t = (HANDLE)_beginthreadex(NULL, 0, thread, &left, 0, NULL);
	WaitForSingleObject(t, INFINITE);
	printf("thread left %d\n", left);
	finished = CreateEventA(NULL, FALSE, FALSE, NULL);
	_beginthread(plain, 0, &left);
	WaitForSingleObject(finished, INFINITE);
	printf("plain thread left %d\n", left);
	atexit(last);
	signal(SIGTERM, on_term);
	raise(SIGTERM);
	printf("again by %s\n", signal(SIGTERM, SIG_DFL) == SIG_DFL ? "default" : "us");
	exit(3);
}
