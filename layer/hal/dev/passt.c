/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/passt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/proc.h"
#include "base/vec.h"

enum { PATIENCE = 30000, SAID_MOST = 64 << 10, WINDOW = 8 << 20 };

/* HOST:GUEST and where from, as passt's -t or -u [ADDRESS/]HOST:GUEST. */
static void
forward(struct vec *argv, const struct net_port *p)
{
	vec_push(argv, xstrdup(p->proto[0] == 'u' ? "-u" : "-t"));
	vec_push(argv, p->host_ip[0] ? xprintf("%s/%u:%u", p->host_ip, p->host, p->guest)
	                             : xprintf("%u:%u", p->host, p->guest));
}

/* The last line that is about something: some versions complain of a host without syslog,
 * or say whom they run as. */
static char *
last_word(int said)
{
	static const char *const idle[] = { "Failed to send ", "Don't run as root" };
	char *text = xcalloc(1, SAID_MOST), *rest = text, *line, *word = NULL;
	if (pread(said, text, SAID_MOST - 1, 0) < 0)
		*text = '\0';
	while ((line = strsep(&rest, "\n"))) {
		bool ours = *line != '\0';
		for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
			ours &= strncmp(line, idle[i], strlen(idle[i])) != 0;
		if (ours)
			word = line;
	}
	char *copy = word ? xstrdup(word) : NULL;
	free(text);
	return copy;
}

static int
failed(pid_t pid, int said, struct err *e)
{
	int status = proc_wait(pid);
	char *word = last_word(said);
	if (word)
		fail(e, EIO, "passt cannot give the computer a network: %s", word);
	else
		fail(e, EIO, "passt ended with status %d", status);
	free(word);
	return err_hint(e, "see what it says of itself: passt --foreground --debug");
}

/* A frame that means nothing to anybody: when passt has taken it from the socket it is
 * ready, and its ports are open.  Until then it may end at any time. */
static int
await(pid_t pid, int fd, int said, const uint8_t mac[6], struct err *e)
{
	/* 802's type for experiments */
	uint8_t frame[4 + 60] = { 0, 0, 0, 60, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	int left = 0;
	memcpy(frame + 10, mac, 6);
	frame[16] = 0x88;
	frame[17] = 0xb5;
	if (send(fd, frame, sizeof frame, MSG_NOSIGNAL) < 0)
		return failed(pid, said, e);
	for (int i = 0; i < PATIENCE; i++) {
		struct pollfd p = { .fd = fd, .events = 0 };
		if (poll(&p, 1, 1) > 0)
			return failed(pid, said, e);
		if (ioctl(fd, SIOCOUTQ, &left) == 0 && left > 0)
			continue;
		/* what is queued for one that has ended is gone too */
		return poll(&p, 1, 0) > 0 ? failed(pid, said, e) : 0;
	}
	kill(pid, SIGKILL);
	proc_wait(pid);
	return fail(e, ETIMEDOUT, "passt does not answer");
}

/* passt drops what does not fit at once into its end, and a sender that it has dropped a
 * window of waits two seconds: all of a window is to fit. */
static void
widen(int fd)
{
	int size = WINDOW;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

static pid_t
start(char *const argv[], const uint8_t mac[6], int *fd, struct err *e)
{
	int pair[2] = { -1, -1 };
	pid_t pid = -1;
	int said = memfd_create("passt", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (said < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		fail(e, errno, "no sockets for the network: %s", strerror(errno));
		goto done;
	}
	widen(pair[0]);
	widen(pair[1]);
	pid = proc_spawn(argv, NULL, (int[3]){ pair[1], -1, said }, e);
	close(pair[1]);
	if (pid < 0 && e && e->code == ENOENT)
		err_hint(e, "install passt (apt install passt), or run it with --net none");
	if (pid >= 0 && await(pid, pair[0], said, mac, e) < 0)
		pid = -1;
	if (pid < 0)
		close(pair[0]);
	else
		*fd = pair[0];
	/* what it says from now on nobody reads, and it need not fill memory */
	if (pid >= 0)
		fcntl(said, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW);
done:
	if (said >= 0)
		close(said);
	return pid;
}

pid_t
passt_start(const struct net_port *ports, size_t n, const uint8_t mac[6], int *fd, struct err *e)
{
	static const char *const fixed[] = { "passt", "--foreground", "--quiet", "--fd", "0" };
	struct vec argv = { 0 };
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		vec_push(&argv, xstrdup(fixed[i]));
	for (size_t i = 0; i < n; i++)
		forward(&argv, &ports[i]);
	pid_t pid = start(vec_argv(&argv), mac, fd, e);
	for (size_t i = 0; i < argv.n; i++)
		free(argv.p[i]);
	vec_free(&argv);
	return pid;
}
