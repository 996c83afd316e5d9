/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "layer/api/nt/own.h"
#include "layer/api/nt/status.h"
#include "layer/api/nt/types.h"

/* -- files: Landlock -------------------------------------------------------------------------- */

enum {
	SEE = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
	CHANGE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
	         LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
	         LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SYM |
	         LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO,
	RUN = LANDLOCK_ACCESS_FS_EXECUTE,
	MOVE = 1 << 13, /* LANDLOCK_ACCESS_FS_REFER, of version 2 */
	CUT = 1 << 14,  /* LANDLOCK_ACCESS_FS_TRUNCATE, of version 3 */
	OTHERS = LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK,
	/* what a file can have */
	FILES = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RUN | CUT,
};

/* Let a path be seen; one that is not there is not. */
static int
let(int rules, const char *path, uint64_t access, uint64_t handled, bool file, struct err *e)
{
	struct landlock_path_beneath_attr a = { .allowed_access = access & handled };
	a.parent_fd = open(*path ? path : "/", O_PATH | O_CLOEXEC);
	if (a.parent_fd < 0)
		return 0;
	if (file)
		a.allowed_access &= FILES;
	long rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &a, 0);
	if (rc < 0 && errno == EINVAL && !file) {
		a.allowed_access &= FILES; /* it is a file after all */
		rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &a, 0);
	}
	int why = errno;
	close(a.parent_fd);
	return rc < 0 ? fail(e, why, "the sandbox cannot let '%s' be seen: %s", path, strerror(why))
	              : 0;
}

static int
rules_of(const struct birth *b, int rules, uint64_t handled, struct err *e)
{
	uint64_t rw = SEE | CHANGE | MOVE | CUT;
	for (size_t i = 0; i < b->nshow; i++)
		if (let(rules, b->show[i].path, b->show[i].readonly ? SEE : rw, handled, false, e) <
		    0)
			return -1;
	/* each rule costs a start 10 us: what was read before the sandbox is not here */
	static const char *const devices[] = { "/dev/null", "/dev/tty" };
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		if (let(rules, devices[i], SEE | LANDLOCK_ACCESS_FS_WRITE_FILE, handled, true, e) <
		    0)
			return -1;
	/* crypt32_store.c: whom the host trusts */
	static const char *const names[] = { "/etc/hosts", "/etc/resolv.conf",
		                             "/etc/ssl/certs/ca-certificates.crt",
		                             "/etc/pki/tls/certs/ca-bundle.crt" };
	for (size_t i = 0; b->network && i < sizeof names / sizeof *names; i++)
		if (let(rules, names[i], SEE, handled, true, e) < 0)
			return -1;
	return let(rules, "/proc/self/exe", SEE | RUN, handled, true, e);
}

static int
hide_files(const struct birth *b, struct err *e)
{
	long version =
	        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (version < 1) {
		err_warn("this kernel has no Landlock: the program sees every file that you see");
		return 0;
	}
	struct landlock_ruleset_attr a = { .handled_access_fs = SEE | CHANGE | RUN | OTHERS };
	if (version >= 2)
		a.handled_access_fs |= MOVE;
	if (version >= 3)
		a.handled_access_fs |= CUT;
	int rules = (int)syscall(SYS_landlock_create_ruleset, &a, sizeof a.handled_access_fs, 0);
	if (rules < 0)
		return fail(e, errno, "the sandbox cannot be made: %s", strerror(errno));
	int rc = rules_of(b, rules, a.handled_access_fs, e);
	if (rc == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		rc = fail(e, errno, "the sandbox cannot be entered: %s", strerror(errno));
	close(rules);
	return rc;
}

/* -- system calls: seccomp ---------------------------------------------------------------------- */

static const uint16_t allowed[] = {
#define CALL(name, why) SYS_##name,
#include "layer/api/nt/syscall.def"
#undef CALL
};

#define CALL(name, why)                                                                            \
	_Static_assert(SYS_##name < 480, #name " is among the numbers that have a bit");
#include "layer/api/nt/syscall.def"
#undef CALL

enum {
	ALLOWED = sizeof allowed / sizeof *allowed,
	WORDS = 15, /* numbers below 480 */
	SPECIAL = 37,
	MOST = SPECIAL + 10 + 3 * WORDS,
	NS_FLAGS = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
	           CLONE_NEWPID | CLONE_NEWNET,
};

#define LOAD(field)       BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF_EQ(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(k), yes, no)
#define IF_LESS(k, yes, no)                                                                        \
	BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (uint32_t)(k), no, yes) /* there is no less */
#define RETURN(v) BPF_STMT(BPF_RET | BPF_K, v)

/* Is the number in the accumulator allowed?  A bit for each, 32 in an instruction: the kernel
 * checks and translates the filter at every start, so it is short. */
static size_t
bits(struct sock_filter *f)
{
	uint32_t word[WORDS] = { 0 };
	unsigned left = 0;
	size_t n = 0;
	for (size_t i = 0; i < ALLOWED; i++)
		word[allowed[i] / 32] |= UINT32_C(1) << allowed[i] % 32;
	for (unsigned i = 0; i < WORDS; i++)
		left += word[i] != 0;
	f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 31);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	f[n++] = (struct sock_filter)LOAD(nr);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 5);
	/* to the word, which goes to the last four */
	for (unsigned i = 0; i < WORDS; i++) {
		if (!word[i])
			continue;
		left--;
		f[n++] = (struct sock_filter)IF_EQ(i, 0, 2);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, word[i]);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 3 * left + 1);
	}
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_RSH | BPF_X, 0);
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 0, 1);
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ALLOW);
	f[n++] = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | ENOSYS);
	return n;
}

static int
fence_calls(const struct birth *b, struct err *e)
{
	struct sock_filter f[MOST] = {
		LOAD(arch),
		IF_EQ(AUDIT_ARCH_X86_64, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		/* First those that programs are quick for, by comparisons alone: the kernel sees at the
		 * start that such a number always passes, and asks no filter then. */
		IF_LESS(SYS_ioctl, 11, 0), /* read, write, open, close, mmap, poll ... */
		IF_LESS(SYS_shutdown, 7, 0),
		IF_LESS(SYS_tgkill, 0, 3),
		IF_LESS(SYS_epoll_wait, 0, 8), /* and epoll_ctl */
		IF_EQ(SYS_futex, 7, 0),
		IF_EQ(SYS_readahead, 6, 7),
		IF_EQ(SYS_openat, 5, 0),
		IF_EQ(SYS_statx, 4, 0),
		IF_EQ(SYS_epoll_pwait2, 3, 4),
		IF_LESS(SYS_pread64, 3, 0), /* pread, pwrite, readv, writev */
		IF_LESS(SYS_access, 1, 0),
		IF_LESS(SYS_sendto, 1, 0), /* to, from, messages */
		RETURN(SECCOMP_RET_ALLOW),
		/* clone: threads and processes, no namespaces.  clone3's flags cannot be seen. */
		IF_EQ(SYS_clone, 0, 4),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)NS_FLAGS, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
		/* ioctl: not those that type into the terminal for others */
		IF_EQ(SYS_ioctl, 0, 5),
		LOAD(args[1]),
		IF_EQ(TIOCSTI, 1, 0),
		IF_EQ(0x541c /* TIOCLINUX */, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | EPERM),
		RETURN(SECCOMP_RET_ALLOW),
		/* socket: of this host alone, or of the network too */
		IF_EQ(SYS_socket, 0, 7),
		LOAD(args[0]),
		IF_EQ(AF_UNIX, 3, 0),
		IF_EQ(b->network ? AF_INET : AF_UNIX, 2, 0),
		IF_EQ(b->network ? AF_INET6 : AF_UNIX, 1, 0),
		IF_EQ(b->network ? AF_NETLINK : AF_UNIX, 0, 1),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(SECCOMP_RET_ERRNO | EACCES),
	};
	size_t n = 36;
	n += bits(f + n);
	struct sock_fprog p = { .len = (unsigned short)n, .filter = f };
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p) < 0)
		return fail(e, errno, "the program's system calls cannot be filtered: %s",
		            strerror(errno));
	return 0;
}

/* -- system calls that are not ours --------------------------------------------------------------- */

/* Not one of our own code: the vDSO's fall-backs are made for it, the program's are refused
 * as Windows refuses a number that it does not know. */
static void
strange_call(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	greg_t *r = u->uc_mcontext.gregs;
	(void)sig;
	(void)info;
	bool clock = r[REG_RAX] == SYS_clock_gettime || r[REG_RAX] == SYS_gettimeofday ||
	             r[REG_RAX] == SYS_time || r[REG_RAX] == SYS_clock_getres ||
	             r[REG_RAX] == SYS_getcpu || r[REG_RAX] == SYS_getrandom;
	if (clock) {
		long v = syscall(r[REG_RAX], r[REG_RDI], r[REG_RSI], r[REG_RDX]);
		r[REG_RAX] = v < 0 ? -errno : v;
		return;
	}
	r[REG_RAX] = (greg_t)(uint32_t)0xc000001c; /* STATUS_INVALID_SYSTEM_SERVICE */
}

static bool fenced; /* by sandbox_enter(): a test's threads are free */

void
sandbox_thread(void)
{
	/* A C library that is shared makes its calls elsewhere: no fence then. */
	if (!fenced || !own_code((const void *)(uintptr_t)syscall))
		return;
	prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, __ehdr_start, own_size(), NULL);
}

bool
sandbox_loopback(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK };
	if (unshare(CLONE_NEWNET) < 0)
		return false;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &r) == 0;
	if (fd >= 0)
		close(fd);
	return up;
}

int
sandbox_enter(const struct birth *b, struct err *e)
{
	struct sigaction a = { .sa_sigaction = strange_call, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct keep[2] = { { 0 } };
	sigaction(SIGSYS, &a, NULL);
	fenced = true;
	if (b->jailed)
		return 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(e, errno, "privileges cannot be given up: %s", strerror(errno));
	if (hide_files(b, e) < 0)
		return -1;
	/* Root's files are root's: what it sees it may change as whoever started it may. */
	if (geteuid() == 0 && !b->rootless)
		keep[0].effective = keep[0].permitted = 1U << CAP_DAC_OVERRIDE | 1U << CAP_FOWNER;
	if (syscall(SYS_capset, &head, keep) < 0)
		return fail(e, errno, "capabilities cannot be given up: %s", strerror(errno));
	return fence_calls(b, e);
}
