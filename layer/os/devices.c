/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "layer/os/cgdir.h"

enum { MOST_RULES = 200, ANY = -1 };

struct rule {
	bool allow;
	char type;        /* 'c', 'b' or 'a' */
	int major, minor; /* ANY */
	unsigned access;  /* BPF_DEVCG_ACC_* */
};

/* Every container: null zero full random urandom tty, console, ptmx, ptys, and
 * making (not opening) any node. */
static const struct rule usual[] = {
	{ true, 'c', ANY, ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, 'b', ANY, ANY, BPF_DEVCG_ACC_MKNOD },
	{ true, 'c', 1, 3, 7 },
	{ true, 'c', 1, 5, 7 },
	{ true, 'c', 1, 7, 7 },
	{ true, 'c', 1, 8, 7 },
	{ true, 'c', 1, 9, 7 },
	{ true, 'c', 5, 0, 7 },
	{ true, 'c', 5, 1, 7 },
	{ true, 'c', 5, 2, 7 },
	{ true, 'c', 136, ANY, 7 },
};

/* A number of a device; absent, null and -1 are any. */
static int
number(const json_t *o, const char *key, int *out, struct err *e)
{
	int64_t v = ANY;

	if (json_opt_int(o, key, &v, e) < 0)
		return err_prefix(e, "linux.resources.devices");
	if (v < ANY || v > INT32_MAX)
		return fail(e, EINVAL, "linux.resources.devices: '%s' cannot be %" PRId64, key, v);
	*out = (int)v;
	return 0;
}

static int
read_rule(const json_t *o, struct rule *r, struct err *e)
{
	const char *type = "a", *access = "rwm";

	r->allow = false;
	if (!json_is_object(o))
		return fail(e, EINVAL, "linux.resources.devices must be a list of objects");
	if (json_opt_bool(o, "allow", &r->allow, e) < 0 || json_opt_str(o, "type", &type, e) < 0 ||
	    json_opt_str(o, "access", &access, e) < 0)
		return err_prefix(e, "linux.resources.devices");
	/* "u" is "c" by another name (mknod(1)); none is any, as in crun. */
	r->type = !*type ? 'a' : *type == 'u' ? 'c' : *type;
	if (strlen(type) > 1 || !strchr("acb", r->type))
		return fail(e, EINVAL, "linux.resources.devices: 'type' must be a, b or c");
	if (number(o, "major", &r->major, e) < 0 || number(o, "minor", &r->minor, e) < 0)
		return -1;
	if (!*access)
		access = "rwm";
	r->access = 0;
	for (; *access; access++) {
		unsigned bit = *access == 'r'   ? BPF_DEVCG_ACC_READ
		               : *access == 'w' ? BPF_DEVCG_ACC_WRITE
		               : *access == 'm' ? BPF_DEVCG_ACC_MKNOD
		                                : 0;
		if (!bit)
			return fail(e, EINVAL,
			            "linux.resources.devices: 'access' is made of r, w and m");
		r->access |= bit;
	}
	return 0;
}

/* -- a small assembler ---------------------------------------------------------- */

struct program {
	struct bpf_insn code[16 + MOST_RULES * 8];
	int n;
};

static void
emit(struct program *p, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	p->code[p->n++] = (struct bpf_insn){
		.code = code, .dst_reg = dst, .src_reg = src, .off = off, .imm = imm
	};
}

/* r2 type, r3 access, r4 major, r5 minor, as struct bpf_cgroup_dev_ctx has
 * them: access_type is (access << 16) | type. */
static void
prologue(struct program *p)
{
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0);
	emit(p, BPF_ALU | BPF_AND | BPF_K, 2, 0, 0, 0xffff);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 3, 1, 0, 0);
	emit(p, BPF_ALU | BPF_RSH | BPF_K, 3, 0, 0, 16);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 4, 1, 4, 0);
	emit(p, BPF_LDX | BPF_MEM | BPF_W, 5, 1, 8, 0);
}

static void
answer(struct program *p, bool allow)
{
	emit(p, BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, allow);
	emit(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* False when nothing can get past it: the verifier refuses code that cannot
 * be reached, so no more may follow. */
static bool
rule(struct program *p, const struct rule *r)
{
	int tests[4], n = 0;

	if (r->type != 'a') {
		tests[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 2, 0, 0,
		     r->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK);
	}
	if (r->access != 7 && r->allow) {
		/* All that is asked for must be in the rule. */
		emit(p, BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, (int32_t)(~r->access & 7));
		tests[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 1, 0, 0, 0);
	} else if (r->access != 7) {
		/* To be refused, something of it is enough. */
		emit(p, BPF_ALU | BPF_MOV | BPF_X, 1, 3, 0, 0);
		emit(p, BPF_ALU | BPF_AND | BPF_K, 1, 0, 0, (int32_t)r->access);
		tests[n++] = p->n;
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 0, 0);
	}
	if (r->major != ANY) {
		tests[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 4, 0, 0, r->major);
	}
	if (r->minor != ANY) {
		tests[n++] = p->n;
		emit(p, BPF_JMP | BPF_JNE | BPF_K, 5, 0, 0, r->minor);
	}
	answer(p, r->allow);
	for (int i = 0; i < n; i++)
		p->code[tests[i]].off = (int16_t)(p->n - tests[i] - 1);
	return n > 0;
}

static int
attach(int group, const struct program *p)
{
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		                .insn_cnt = (uint32_t)p->n,
		                .insns = (uint64_t)(uintptr_t)p->code,
		                .license = (uint64_t)(uintptr_t) "Apache-2.0" };
	int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load);

	if (fd < 0)
		return -1;
	union bpf_attr at = { .target_fd = (uint32_t)group,
		              .attach_bpf_fd = (uint32_t)fd,
		              .attach_type = BPF_CGROUP_DEVICE,
		              .attach_flags = BPF_F_ALLOW_MULTI };
	long rc = syscall(SYS_bpf, BPF_PROG_ATTACH, &at, sizeof at);
	int why = errno;
	close(fd);
	errno = why;
	return rc < 0 ? -1 : 0;
}

/* Is there a program of this kind already? */
static bool
has_program(int group)
{
	union bpf_attr q = { .query.target_fd = (uint32_t)group,
		             .query.attach_type = BPF_CGROUP_DEVICE };

	return syscall(SYS_bpf, BPF_PROG_QUERY, &q, sizeof q) == 0 && q.query.prog_cnt > 0;
}

bool
devices_are_usual(const json_t *rules)
{
	struct rule r;

	return json_array_size(rules) == 1 && read_rule(json_array_get(rules, 0), &r, NULL) == 0 &&
	       !r.allow && r.type == 'a' && r.major == ANY && r.minor == ANY && r.access == 7;
}

/* -- version 1 ----------------------------------------------------------------------- */

static int
write_line(int dir, const struct rule *r, char type)
{
	char line[64], major[16] = "*", minor[16] = "*";

	if (r->major != ANY)
		snprintf(major, sizeof major, "%d", r->major);
	if (r->minor != ANY)
		snprintf(minor, sizeof minor, "%d", r->minor);
	snprintf(line, sizeof line, "%c %s:%s %s%s%s", type, major, minor,
	         r->access & BPF_DEVCG_ACC_READ ? "r" : "",
	         r->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
	         r->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
	return file_poke(dir, r->allow ? "devices.allow" : "devices.deny", line);
}

/* There "a" is always everything, so that a part of it needs two lines. */
static int
write_v1(int dir, const struct rule *r)
{
	if (r->type != 'a')
		return write_line(dir, r, r->type);
	if (r->access == 7 && r->major == ANY && r->minor == ANY)
		return file_poke(dir, r->allow ? "devices.allow" : "devices.deny", "a");
	return write_line(dir, r, 'b') < 0 ? -1 : write_line(dir, r, 'c');
}

int
devices_apply(struct cgroup *c, const json_t *rules, struct err *e)
{
	static struct program p; /* the monitor's thread only */
	struct rule list[MOST_RULES];
	size_t n = 0, i;
	json_t *o;

	if (rules && !json_is_null(rules) && !json_is_array(rules))
		return fail(e, EINVAL, "linux.resources.devices must be a list");
	if (!json_array_size(rules))
		return 0;
	json_array_foreach(rules, i, o) {
		if (n + sizeof usual / sizeof usual[0] >= MOST_RULES)
			return fail(e, E2BIG, "linux.resources.devices has more than %zu rules", n);
		if (read_rule(o, &list[n++], e) < 0)
			return -1;
	}
	/* "Everything", and nothing after it: no program is needed. */
	if (n == 1 && list[0].allow && list[0].type == 'a' && list[0].access == 7 &&
	    list[0].major == ANY && list[0].minor == ANY)
		return 0;
	for (i = 0; i < sizeof usual / sizeof usual[0]; i++)
		list[n++] = usual[i];
	if (c->v2 >= 0) {
		int group = c->shared ? openat(c->v2, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		                      : fcntl(c->v2, F_DUPFD_CLOEXEC, 0);
		if (c->shared && has_program(group)) {
			close(group);
			return 0;
		}
		p.n = 0;
		prologue(&p);
		bool open_end = true;
		for (i = n; open_end && i-- > 0;)
			open_end = rule(&p, &list[i]);
		if (open_end)
			answer(&p, false);
		int rc = attach(group, &p);
		close(group);
		if (rc == 0)
			return 0;
	}
	if (c->rootless)
		return 0; /* a user's container can make no device files anyway */
	int why = errno;
	bool two;
	int dir = cgdir_of(c, C_DEVICES, &two, NULL);
	for (i = 0; dir >= 0 && i < n; i++)
		if (write_v1(dir, &list[i]) < 0)
			dir = -1;
	if (dir >= 0)
		return 0;
	return fail(e, why, "the container's devices cannot be restricted: %s", strerror(why));
}
