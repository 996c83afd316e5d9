/* SPDX-License-Identifier: Apache-2.0 */
/* joist-dns ROOT NETWORK: the name server of a named network.
 *
 * It listens on the network's gateway, goes into the background, and ends when
 * the network has no machine left.  There is one per network (a lock); it has
 * no rights but to read the book of leases.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/proc.h"
#include "libexec/dns/names.h"
#include "libexec/dns/packet.h"

enum { PENDING = 128, SERVERS = 3, MOST_TCP = 16 };

#define SECOND INT64_C(1000000000)

/* A query on its way to a server outside. */
struct pending {
	int sock; /* own; -1: free */
	struct sockaddr_in from;
	struct question q;
	uint16_t id; /* under which we sent it */
	int64_t due;
	unsigned server; /* which is asked now */
	size_t n;
	uint8_t query[512];
};

struct server {
	struct names names;
	int lock, books; /* own: ours, and that of all books */
	int udp, tcp;    /* own */
	struct in_addr up[SERVERS];
	unsigned nup, children;
	struct pending pending[PENDING];
};

/* -- the outside ------------------------------------------------------------------- */

static void
read_servers(struct server *s)
{
	char *text = NULL, *rest, *line;

	file_read_if(AT_FDCWD, "/etc/resolv.conf", 1 << 16, &text, NULL, NULL);
	rest = text;
	while (rest && (line = strsep(&rest, "\n"))) {
		if (strncmp(line, "nameserver", 10) != 0 || s->nup == SERVERS)
			continue;
		line += 10 + strspn(line + 10, " \t");
		line[strcspn(line, " \t#")] = '\0';
		if (inet_pton(AF_INET, line, &s->up[s->nup]) == 1)
			s->nup++;
	}
	free(text);
}

static void
answer(struct server *s, const struct sockaddr_in *to, const void *bytes, size_t n)
{
	sendto(s->udp, bytes, n, MSG_DONTWAIT, (const struct sockaddr *)to, sizeof *to);
}

static void
refuse(struct server *s, struct pending *p, int rcode)
{
	uint8_t out[PACKET_MOST];

	answer(s, &p->from, out, packet_answer(p->query, &p->q, rcode, NULL, 0, NULL, out));
}

static void
drop(struct pending *p)
{
	if (p->sock >= 0)
		close(p->sock);
	p->sock = -1;
}

/* A socket of its own for each try: another source port, chosen by chance. */
static bool
send_on(struct server *s, struct pending *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	uint8_t copy[sizeof p->query];

	drop(p);
	if (p->server >= s->nup || getrandom(&p->id, sizeof p->id, 0) != sizeof p->id)
		return false;
	to.sin_addr = s->up[p->server];
	p->sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	memcpy(copy, p->query, p->n);
	copy[0] = (uint8_t)(p->id >> 8);
	copy[1] = (uint8_t)p->id;
	p->due = proc_monotonic() + 2 * SECOND;
	return p->sock >= 0 && connect(p->sock, (struct sockaddr *)&to, sizeof to) == 0 &&
	       send(p->sock, copy, p->n, 0) == (ssize_t)p->n;
}

static void
next_server(struct server *s, struct pending *p)
{
	for (p->server++; p->server < s->nup; p->server++)
		if (send_on(s, p))
			return;
	refuse(s, p, RCODE_SERVER);
	drop(p);
}

static void
heard(struct server *s, struct pending *p)
{
	uint8_t buf[PACKET_MOST];
	ssize_t n = recv(p->sock, buf, sizeof buf, 0);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		next_server(s, p);
		return;
	}
	/* What was not asked for is not looked at: it waits for the right one. */
	if (!packet_matches(buf, (size_t)n, p->query, &p->q, p->id))
		return;
	buf[0] = (uint8_t)(p->q.id >> 8);
	buf[1] = (uint8_t)p->q.id;
	answer(s, &p->from, buf, (size_t)n);
	drop(p);
}

static void
forward(struct server *s, const struct sockaddr_in *from, const uint8_t *query, size_t n,
        const struct question *q)
{
	struct pending *p = NULL;

	for (int i = 0; i < PENDING && !p; i++)
		if (s->pending[i].sock < 0)
			p = &s->pending[i];
	if (!p || n > sizeof p->query)
		return; /* the client asks again */
	*p = (struct pending){ .sock = -1, .from = *from, .q = *q, .n = n };
	memcpy(p->query, query, n);
	if (!send_on(s, p))
		next_server(s, p);
}

/* -- what we know ourselves ------------------------------------------------------------ */

/* Length of our own answer, or 0 when others are to be asked. */
static size_t
own(struct server *s, const uint8_t *query, const struct question *q, uint8_t out[PACKET_MOST])
{
	uint32_t ip[16], of = packet_reverse(q->name);

	names_fresh(&s->names);
	if (q->class != CLASS_IN)
		return 0;
	if (q->type == TYPE_PTR) {
		const char *name = names_of(&s->names, of);
		if (name)
			return packet_answer(query, q, RCODE_OK, NULL, 0, name, out);
		/* Nobody outside knows our addresses. */
		if (of && (of & 0xffffff00) == (names_gateway(&s->names) & 0xffffff00))
			return packet_answer(query, q, RCODE_NAME, NULL, 0, NULL, out);
		return 0;
	}
	size_t n = names_find(&s->names, q->name, ip, 16);
	if (n == 0)
		return 0;
	bool wants = q->type == TYPE_A || q->type == TYPE_ANY;
	return packet_answer(query, q, RCODE_OK, ip, wants ? n : 0, NULL, out);
}

static void
asked(struct server *s)
{
	uint8_t query[PACKET_MOST], out[PACKET_MOST];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	struct question q;

	ssize_t n =
	        recvfrom(s->udp, query, sizeof query, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	if (n < PACKET_HEAD)
		return;
	int rc = packet_question(query, (size_t)n, &q);
	size_t k = rc == RCODE_OK ? own(s, query, &q, out) : 0;
	if (rc > 0 || (rc == 0 && !k && !s->nup))
		k = packet_answer(query, &q, rc ? rc : RCODE_SERVER, NULL, 0, NULL, out);
	if (k)
		answer(s, &from, out, k);
	else if (rc == 0)
		forward(s, &from, query, (size_t)n, &q);
}

/* -- TCP: a short-lived child for each connection ------------------------------------------ */

static bool
whole(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t k = read(fd, p, n);
		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

static bool
say(int fd, const uint8_t *p, size_t n)
{
	uint8_t head[2] = { (uint8_t)(n >> 8), (uint8_t)n };
	return file_write_all(fd, head, 2) == 0 && file_write_all(fd, p, n) == 0;
}

static _Noreturn void
conversation(struct server *s, int fd)
{
	static uint8_t big[65536], out[PACKET_MOST];
	uint8_t head[2];
	struct question q;

	/* A slow client must hold nothing that others wait for. */
	close(s->lock);
	close(s->books);
	close(s->udp);
	close(s->tcp);
	alarm(10);
	while (whole(fd, head, 2)) {
		size_t n = (size_t)(head[0] << 8 | head[1]), k = 0;
		if (n < PACKET_HEAD || !whole(fd, big, n) ||
		    packet_question(big, n, &q) != RCODE_OK)
			break;
		if ((k = own(s, big, &q, out)) > 0) {
			say(fd, out, k);
			continue;
		}
		struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
		to.sin_addr = s->up[0];
		int up = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (!s->nup || connect(up, (struct sockaddr *)&to, sizeof to) < 0 ||
		    !say(up, big, n) || !whole(up, head, 2))
			break;
		n = (size_t)(head[0] << 8 | head[1]);
		if (!whole(up, big, n) || !say(fd, big, n))
			break;
		close(up);
	}
	_exit(0);
}

static void
connected(struct server *s)
{
	int fd = accept4(s->tcp, NULL, NULL, SOCK_CLOEXEC);

	while (s->children > 0 && waitpid(-1, NULL, WNOHANG) > 0)
		s->children--;
	if (fd >= 0 && s->children < MOST_TCP) {
		pid_t pid = fork();
		if (pid == 0)
			conversation(s, fd);
		s->children += pid > 0;
	}
	if (fd >= 0)
		close(fd);
}

/* -- the life ----------------------------------------------------------------------------- */

/* No machine left: look once more where nobody can come in between. */
static bool
finished(struct server *s)
{
	names_fresh(&s->names);
	if (names_count(&s->names) > 0 || flock(s->books, LOCK_EX | LOCK_NB) < 0)
		return false;
	names_fresh(&s->names);
	if (names_count(&s->names) == 0)
		return true;
	flock(s->books, LOCK_UN);
	return false;
}

static void
serve(struct server *s)
{
	int64_t look = 0;

	for (;;) {
		struct pollfd p[PENDING + 2] = { { .fd = s->udp, .events = POLLIN },
			                         { .fd = s->tcp, .events = POLLIN } };
		for (int i = 0; i < PENDING; i++)
			p[i + 2] = (struct pollfd){ .fd = s->pending[i].sock, .events = POLLIN };
		poll(p, PENDING + 2, 500);
		if (p[0].revents)
			asked(s);
		if (p[1].revents)
			connected(s);
		int64_t now = proc_monotonic();
		for (int i = 0; i < PENDING; i++) {
			struct pending *q = &s->pending[i];
			if (q->sock >= 0 && p[i + 2].fd == q->sock && p[i + 2].revents)
				heard(s, q);
			if (q->sock >= 0 && now > q->due)
				next_server(s, q);
		}
		if (now > look && finished(s))
			return;
		if (now > look)
			look = now + SECOND / 2;
	}
}

static int
bound(int type, uint32_t gateway)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		                 .sin_port = htons(53),
		                 .sin_addr.s_addr = htonl(gateway) };
	int one = 1, sock = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (sock < 0 || bind(sock, (struct sockaddr *)&a, sizeof a) < 0 ||
	    (type == SOCK_STREAM && listen(sock, 16) < 0)) {
		fprintf(stderr, "the address of the network's name server: %s\n", strerror(errno));
		exit(1);
	}
	return sock;
}

/* Nobody, but for reading the books, which are root's. */
static void
give_up_rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct cap[2] = { { 0 } };

	cap[0].effective = cap[0].permitted = 1u << CAP_DAC_READ_SEARCH;
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0 || syscall(SYS_capset, &head, cap) < 0) {
		fprintf(stderr, "cannot give up rights: %s\n", strerror(errno));
		exit(1);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int
main(int argc, char **argv)
{
	static struct server s;

	if (argc != 3) {
		fputs("joist-dns is started by joist for named networks\n", stderr);
		return 2;
	}
	char *path = xprintf("%s/net", argv[1]), *lock = xprintf("%s.dns", argv[2]);
	s.names = (struct names){ .network = argv[2], .file = xprintf("%s.json", argv[2]) };
	s.names.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s.lock = openat(s.names.dir, lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	s.books = openat(s.names.dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s.names.dir < 0 || s.lock < 0 || s.books < 0) {
		fprintf(stderr, "'%s': %s\n", path, strerror(errno));
		return 1;
	}
	/* Another serves this network already. */
	if (flock(s.lock, LOCK_EX | LOCK_NB) < 0)
		return 0;
	names_fresh(&s.names);
	uint32_t gateway = names_gateway(&s.names);
	if (!gateway) {
		fprintf(stderr, "'%s/%s.json' names no gateway\n", path, argv[2]);
		return 1;
	}
	for (int i = 0; i < PENDING; i++)
		s.pending[i].sock = -1;
	read_servers(&s);
	s.udp = bound(SOCK_DGRAM, gateway);
	s.tcp = bound(SOCK_STREAM, gateway);
	give_up_rights();
	signal(SIGPIPE, SIG_IGN);
	if (fork() != 0)
		_exit(0);
	setsid();
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	if (chdir("/") == 0)
		serve(&s);
	return 0;
}
