/* SPDX-License-Identifier: Apache-2.0 */
/* netuser.c -- the outside through a program that speaks for the container
 * with ordinary sockets: pasta, or slirp4netns where the installed pasta is
 * missing or cannot.  No rights are needed.
 *
 * Either ends when the container's network namespace goes; its pid is kept in
 * the machine's folder all the same, for net_recover.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/host_linux.h"
#include "base/proc.h"
#include "base/vec.h"
#include "net/netmode.h"

struct user {
	pid_t pid; /* of slirp4netns, our child; pasta goes its own way */
	int alive; /* own: closing it tells slirp4netns to end */
	char *api; /* own: slirp4netns' control socket */
	bool slirp;
};

static char *
beside(const struct net_config *c, const char *name)
{
	return xprintf("%s/machines/%s/%s", c->root, c->machine, name);
}

static int
reserve(struct net *n, struct err *e)
{
	bool pasta = proc_which("pasta", NULL, 0), slirp = proc_which("slirp4netns", NULL, 0);

	if (!pasta && !slirp) {
		fail(e, ENOENT, "--net user needs the program pasta or slirp4netns");
		return err_hint(e, "install one: apt-get install passt");
	}
	if (access("/dev/net/tun", R_OK | W_OK) < 0) {
		fail(e, errno, "--net user needs /dev/net/tun: %s", strerror(errno));
		return err_hint(e, errno == ENOENT ? "load it with: modprobe tun"
		                                   : "ask root for: chmod 0666 /dev/net/tun");
	}
	struct user *u = xcalloc(1, sizeof *u);
	u->alive = -1;
	n->own = u;
	for (size_t i = 0; i < n->config->nports; i++) {
		struct net_port *p = &n->config->ports[i];
		if (p->host == 0 && net_port_free(p, e) < 0) {
			free(u);
			n->own = NULL;
			return -1;
		}
	}
	return 0;
}

/* -- pasta -------------------------------------------------------------------------- */

static void
forward(struct vec *v, const struct net_config *c, const char *proto, const char *flag)
{
	bool any = false;

	for (size_t i = 0; i < c->nports; i++) {
		const struct net_port *p = &c->ports[i];
		if (strcmp(p->proto, proto) != 0)
			continue;
		any = true;
		vec_push(v, xstrdup(flag));
		if (p->host_ip[0])
			vec_push(v, xprintf("%s/%u:%u", p->host_ip, p->host, p->guest));
		else
			vec_push(v, xprintf("%u:%u", p->host, p->guest));
	}
	if (!any) {
		vec_push(v, xstrdup(flag));
		vec_push(v, xstrdup("none"));
	}
}

/* pasta configures the namespace, goes into the background, and ends when the
 * namespace does.  Returns its exit status; *out is what it said. */
static int
pasta(const struct net_config *c, pid_t pid, char **out, struct err *e)
{
	struct vec v = { 0 };
	char *pidfile = beside(c, "pasta.pid");
	static const char *const fixed[] = {
		"pasta", "--config-net", "-q",          "-T", "none",
		"-U",    "none",         "--no-map-gw", /* the gateway is no way to the host's loopback */
	};

	for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
		vec_push(&v, xstrdup(fixed[i]));
	if (!c->rootless) {
		/* It would become nobody, who may not enter the namespaces. */
		vec_push(&v, xstrdup("--runas"));
		vec_push(&v, xstrdup("0"));
	}
	forward(&v, c, "tcp", "-t");
	forward(&v, c, "udp", "-u");
	vec_push(&v, xstrdup("-P"));
	vec_push(&v, xstrdup(pidfile));
	vec_push(&v, xprintf("%d", (int)pid));
	int status = proc_run(vec_argv(&v), out, e);
	for (size_t i = 0; i < v.n; i++)
		free(v.p[i]);
	vec_free(&v);
	free(pidfile);
	return status;
}

/* -- slirp4netns ------------------------------------------------------------------------ */

static int
api(const struct user *u, const struct net_port *p, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char text[256], answer[512];
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(u->api) >= sizeof a.sun_path) {
		close(sock);
		fail(e, ENAMETOOLONG, "the store's path is too long for slirp4netns: '%s'", u->api);
		return err_hint(e, "use a store with a shorter path: --root DIR");
	}
	memcpy(a.sun_path, u->api, strlen(u->api) + 1);
	int rc = -1;
	for (int i = 0; i < 100 && (rc = connect(sock, (struct sockaddr *)&a, sizeof a)) < 0; i++)
		poll(NULL, 0, 10);
	int n = snprintf(
	        text, sizeof text,
	        "{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"%s\",\"host_addr\":\"%s\","
	        "\"host_port\":%u,\"guest_port\":%u}}",
	        p->proto, p->host_ip[0] ? p->host_ip : "0.0.0.0", p->host, p->guest);
	ssize_t got = rc < 0 || file_write_all(sock, text, (size_t)n) < 0 ? -1 : 0;
	shutdown(sock, SHUT_WR);
	if (got == 0)
		got = read(sock, answer, sizeof answer - 1);
	close(sock);
	answer[got < 0 ? 0 : got] = '\0';
	if (got <= 0 || strstr(answer, "\"error\"")) {
		fail(e, EADDRINUSE, "port %u/%s cannot be forwarded", p->host, p->proto);
		return err_hint(e, "is it in use? Choose another with -p HOST:GUEST");
	}
	return 0;
}

static int
slirp(struct net *n, pid_t pid, struct err *e)
{
	const struct net_config *c = n->config;
	struct user *u = n->own;
	int ready[2], alive[2];
	char *argv[16], text[16], pid_text[16], ready_text[48], userns[48];
	int k = 0;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(alive, O_CLOEXEC) < 0)
		return fail(e, errno, "cannot make a pipe: %s", strerror(errno));
	u->api = beside(c, "slirp.sock");
	/* proc_spawn hands over three descriptors: the two pipes stand in for
	 * standard input (its life) and output (its word). */
	snprintf(pid_text, sizeof pid_text, "%d", (int)pid);
	snprintf(ready_text, sizeof ready_text, "--ready-fd=1");
	snprintf(userns, sizeof userns, "--userns-path=/proc/%d/ns/user", (int)pid);
	argv[k++] = (char *)"slirp4netns";
	argv[k++] = (char *)"--configure";
	argv[k++] = (char *)"--mtu=65520";
	argv[k++] = (char *)"--disable-host-loopback";
	argv[k++] = (char *)"--exit-fd=0";
	argv[k++] = ready_text;
	argv[k++] = (char *)"--api-socket";
	argv[k++] = u->api;
	if (c->rootless)
		argv[k++] = userns;
	argv[k++] = pid_text;
	argv[k++] = (char *)"tap0";
	argv[k] = NULL;
	u->pid = proc_spawn(argv, NULL, (int[3]){ alive[0], ready[1], -1 }, e);
	close(alive[0]);
	close(ready[1]);
	u->alive = alive[1];
	u->slirp = true;
	ssize_t got = u->pid < 0 ? -1 : read(ready[0], text, 1);
	close(ready[0]);
	if (u->pid < 0)
		return -1;
	if (got != 1)
		return fail(e, EIO, "slirp4netns could not give the container a network"),
		       err_hint(e, "try it by hand: slirp4netns --configure PID tap0");
	for (size_t i = 0; i < c->nports; i++)
		if (api(u, &c->ports[i], e) < 0)
			return -1;
	return 0;
}

/* -- the mode ------------------------------------------------------------------------------ */

static int
start(struct net *n, pid_t pid, struct err *e)
{
	char *out = NULL;
	int status = -1;

	if (proc_which("pasta", NULL, 0))
		status = pasta(n->config, pid, &out, e);
	if (status == 0) {
		free(out);
		return 0;
	}
	if (proc_which("slirp4netns", NULL, 0)) {
		free(out);
		return slirp(n, pid, e);
	}
	if (out)
		out[strcspn(out, "\n")] = '\0';
	fail(e, EIO, "pasta could not give the container a network: %s", out ? out : "");
	err_hint(e, "slirp4netns works where this pasta cannot: apt-get install slirp4netns");
	free(out);
	return -1;
}

static void
end_pasta(const char *root, const char *machine)
{
	struct net_config c = { .root = root, .machine = machine };
	char *path = beside(&c, "pasta.pid"), text[32], link[64], exe[256];

	if (file_peek(AT_FDCWD, path, text, sizeof text) > 0) {
		long pid = strtol(text, NULL, 10);
		snprintf(link, sizeof link, "/proc/%ld/exe", pid);
		ssize_t k = pid > 1 ? readlink(link, exe, sizeof exe - 1) : -1;
		exe[k < 0 ? 0 : k] = '\0';
		/* The number may be another's by now. */
		if (strstr(exe, "/pasta") || strstr(exe, "/passt"))
			kill((pid_t)pid, SIGTERM);
		unlink(path);
	}
	free(path);
	path = beside(&c, "slirp.sock");
	unlink(path);
	free(path);
}

static void
stop(struct net *n)
{
	struct user *u = n->own;

	if (u->alive >= 0)
		close(u->alive);
	if (u->pid > 0) {
		kill(u->pid, SIGTERM);
		proc_wait(u->pid);
	}
	end_pasta(n->config->root, n->config->machine);
	free(u->api);
	free(u);
}

static void
files(const struct net *n, struct str *hosts, struct str *resolv)
{
	struct str own = { 0 };

	(void)hosts;
	net_host_servers(&own);
	/* slirp4netns answers for the host's servers at an address of its own;
	 * pasta shows the outside as it is. */
	if (!proc_which("pasta", NULL, 0) || !strstr(str_text(&own), "nameserver"))
		str_add(resolv, "nameserver 10.0.2.3\n");
	str_add(resolv, str_text(&own));
	str_free(&own);
	(void)n;
}

static void
inspect(const struct net *n, json_t *o)
{
	const struct user *u = n->own;
	json_object_set_new(o, "program", json_string(u->slirp ? "slirp4netns" : "pasta"));
}

const struct netmode netuser_mode = {
	.reserve = reserve,
	.start = start,
	.stop = stop,
	.files = files,
	.inspect = inspect,
	.recover = end_pasta,
};
