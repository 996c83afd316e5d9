/* guest.h -- one container, as the files of this room see it.
 *
 * The monitor's process makes all decisions and allocations before clone3; the
 * child only performs them (child.c).  The two talk over one socket pair in
 * struct msg: from the child what went wrong, its terminal, "ready"; to the
 * child "maps are written", "hooks have run", "go".  When the program runs the
 * child's end is closed by execve, and that is how success is seen.
 */
#ifndef LAYER_OS_GUEST_H
#define LAYER_OS_GUEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "core/layer.h"
#include "core/spec.h"
#include "net/net.h"

struct cgroup;
struct filter;
struct caps;
struct rlimits;

enum msg_kind {
	MSG_ERROR = 1,          /* to the monitor: err, and the status to end with */
	MSG_CONSOLE,            /* to the monitor: comes with the terminal's master */
	MSG_WARN,               /* to the monitor: err.what is a warning */
	MSG_HOOKS,              /* to the monitor: namespaces are there, root not yet entered */
	MSG_FLATTEN,            /* to the monitor: no overlay here, copy the layers into flat/ */
	MSG_NOTIFY,             /* to the monitor: comes with a seccomp notify descriptor */
	MSG_ANSWER,             /* to the child: what you asked for is done */
	MSG_GO,                 /* to the child: run the program, when you come to it */
	MSG_PID,                /* to the monitor: exec's process is err.code */
};

struct msg {
	enum msg_kind kind;
	struct err err;
};

/* Descriptors that the child needs, opened by the monitor: -1 is none. */
struct root_source {
	int lower;              /* the folder `layers/`: lowerdir names are relative to it */
	const char *lowerdir;   /* "a:b:c", uppermost first; NULL: bind `path` */
	const char *path;       /* a plain folder */
	const char *base;       /* the machine's folder: upper, work and root are in it */
	int mount;              /* a detached mount that is the root (id-mapped), or -1 */
};

struct guest {
	/* fixed after create() */
	const struct spec *spec;        /* lent */
	struct home home;               /* its texts and descriptors are lent */
	struct cgroup *cgroup;          /* own, may be NULL */
	struct net *net;                /* own, may be NULL */
	struct filter *filter;         /* own, may be NULL */
	struct caps *caps;              /* own */
	struct rlimits *rlimits;        /* own, may be NULL */
	struct root_source root;
	struct net_config net_config;
	struct mount_spec extra[4];     /* /etc/hosts and the like, of our making */
	int extra_taken[4];             /* own: these as detached mounts, or -1 */
	size_t nextra;
	int *taken;                     /* own: mounts that only the monitor may take, or NULL */
	char *state_text;               /* own: what hooks read, NULL without any */
	bool user_ns;
	bool map_self;                  /* the child maps just itself */
	char uid_line[40], gid_line[40];
	const char *hostname;           /* lent, or NULL to keep the host's */
	bool plain_env;                 /* the spec is the user's own: add nothing to it */
	unsigned long personality;
	bool init;                      /* a process of ours comes before the program (init.h) */
	int ns_fd[NS_COUNT];            /* own: namespaces to join, -1 */
	int kick_fd;                    /* own: eventfd */
	pid_t pid;
	int pidfd;                      /* own */

	/* the thread inside enter(), or the monitor's at rest */
	int sock;                       /* own: to the child; -1 when it runs its program */
	bool started, frozen, ended;
	int status;                     /* exit status */
	int console;                    /* own: master side of its terminal, -1 */

	/* any thread */
	_Atomic int fatal_signal;       /* sent as SIGKILL in the name of this one */
	_Atomic bool oom;
};

#endif
