/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/secrule.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* A name that this libseccomp does not know is left out, as runtimes do: the
 * default action answers it. */
static int
add(scmp_filter_ctx ctx, uint32_t action, const char *call, unsigned n,
    const struct scmp_arg_cmp *args)
{
	int nr = seccomp_syscall_resolve_name(call);

	if (nr == __NR_SCMP_ERROR)
		return 0;
	int rc = seccomp_rule_add_array(ctx, action, nr, n, args);
	/* The default action as a rule of its own, or the same rule again. */
	return rc == -EACCES || rc == -EEXIST ? 0 : rc;
}

static void
tune(scmp_filter_ctx ctx)
{
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	/* A binary tree over the numbers: fewer steps for each call. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
}

static int
action_of(const char *name, int64_t errno_ret, uint32_t *out)
{
	static const struct {
		const char *name;
		uint32_t action;
	} actions[] = {
		{ "SCMP_ACT_KILL", SCMP_ACT_KILL_THREAD },
		{ "SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS },
		{ "SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD },
		{ "SCMP_ACT_TRAP", SCMP_ACT_TRAP },
		{ "SCMP_ACT_LOG", SCMP_ACT_LOG },
		{ "SCMP_ACT_ALLOW", SCMP_ACT_ALLOW },
		{ "SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY },
	};

	if (errno_ret < 0 || errno_ret > 0xffff)
		return -1;
	if (strcmp(name, "SCMP_ACT_ERRNO") == 0)
		*out = SCMP_ACT_ERRNO((uint32_t)errno_ret);
	else if (strcmp(name, "SCMP_ACT_TRACE") == 0)
		*out = SCMP_ACT_TRACE((uint32_t)errno_ret);
	else {
		for (size_t i = 0; i < COUNT(actions); i++)
			if (strcmp(name, actions[i].name) == 0) {
				*out = actions[i].action;
				return 0;
			}
		return -1;
	}
	return 0;
}

static int
op_of(const char *name)
{
	static const struct {
		const char *name;
		int op;
	} ops[] = {
		{ "SCMP_CMP_NE", SCMP_CMP_NE },
		{ "SCMP_CMP_LT", SCMP_CMP_LT },
		{ "SCMP_CMP_LE", SCMP_CMP_LE },
		{ "SCMP_CMP_EQ", SCMP_CMP_EQ },
		{ "SCMP_CMP_GE", SCMP_CMP_GE },
		{ "SCMP_CMP_GT", SCMP_CMP_GT },
		{ "SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ },
	};

	for (size_t i = 0; i < COUNT(ops); i++)
		if (strcmp(name, ops[i].name) == 0)
			return ops[i].op;
	return -1;
}

static int
architectures(scmp_filter_ctx ctx, const json_t *profile, struct err *e)
{
	json_t *list = NULL, *v;
	size_t i;

	if (json_opt_arr(profile, "architectures", &list, e) < 0)
		return -1;
	json_array_foreach(list, i, v) {
		const char *name = json_string_value(v);
		char lower[32];
		size_t n = 0;
		if (name && str_starts(name, "SCMP_ARCH_"))
			for (name += 10; name[n] && n + 1 < sizeof lower; n++)
				lower[n] = (char)(name[n] | 0x20);
		lower[n] = '\0';
		for (char *p = lower; *p; p++)
			if (*p == 0x7f) /* '_' | 0x20 */
				*p = '_';
		uint32_t arch = n ? seccomp_arch_resolve_name(lower) : 0;
		if (!arch) {
			fail(e, EINVAL, "there is no architecture '%s'",
			     json_string_value(v) ? json_string_value(v) : "");
			return err_hint(e, "names are as in SCMP_ARCH_X86_64");
		}
		int rc = seccomp_arch_add(ctx, arch);
		if (rc < 0 && rc != -EEXIST)
			return fail(e, -rc, "architecture '%s': %s", lower, strerror(-rc));
	}
	return 0;
}

static int
arguments(const json_t *list, struct scmp_arg_cmp a[6], unsigned *n, struct err *e)
{
	json_t *o;
	size_t i;

	*n = 0;
	json_array_foreach(list, i, o) {
		int64_t index = -1, value = 0, two = 0;
		const char *name = "";
		if (json_opt_str(o, "op", &name, e) < 0 ||
		    json_opt_int(o, "index", &index, e) < 0 ||
		    json_opt_int(o, "value", &value, e) < 0 ||
		    json_opt_int(o, "valueTwo", &two, e) < 0)
			return err_prefix(e, "args[%zu]", i);
		int op = op_of(name);
		if (op < 0 || index < 0 || index > 5 || *n == 6)
			return fail(e, EINVAL, "args[%zu] needs 'index' 0 to 5 and an 'op'", i);
		/* Numbers above INT64_MAX arrive as negative ones (base/json.h). */
		a[(*n)++] = (struct scmp_arg_cmp){ .arg = (unsigned)index,
			                           .op = (enum scmp_compare)op,
			                           .datum_a = (scmp_datum_t)value,
			                           .datum_b = (scmp_datum_t)two };
	}
	return 0;
}

/* One entry of `syscalls`.  libseccomp takes one comparison for each argument
 * of a rule; more of them on one argument are alternatives, as in runtimes. */
static int
entry(scmp_filter_ctx ctx, const json_t *o, uint32_t usual, struct err *e)
{
	json_t *names = NULL, *args = NULL, *v;
	struct scmp_arg_cmp a[6];
	const char *act = "";
	int64_t errno_ret = EPERM;
	unsigned n, seen = 0;
	uint32_t action;
	bool twice = false;
	size_t i;
	int rc = 0;

	if (!json_is_object(o))
		return fail(e, EINVAL, "must be an object");
	if (json_opt_str(o, "action", &act, e) < 0 ||
	    json_opt_int(o, "errnoRet", &errno_ret, e) < 0)
		return -1;
	if (json_opt_arr(o, "names", &names, e) < 0 || json_opt_arr(o, "args", &args, e) < 0 ||
	    arguments(args, a, &n, e) < 0)
		return -1;
	if (action_of(act, errno_ret, &action) < 0)
		return fail(e, EINVAL, "there is no action '%s', or its errnoRet is none", act);
	if (action == usual)
		return 0;
	for (unsigned k = 0; k < n; k++) {
		twice = twice || (seen & 1u << a[k].arg);
		seen |= 1u << a[k].arg;
	}
	json_array_foreach(names, i, v) {
		const char *call = json_string_value(v);
		if (!call)
			return fail(e, EINVAL, "'names' must be a list of strings");
		for (unsigned k = 0; twice && rc == 0 && k < n; k++)
			rc = add(ctx, action, call, 1, &a[k]);
		if (!twice)
			rc = add(ctx, action, call, n, a);
		if (rc < 0)
			return fail(e, -rc, "the rule for '%s' cannot be added: %s", call,
			            strerror(-rc));
	}
	return 0;
}

void *
secrule_own(const json_t *profile, struct err *e)
{
	const char *usual = NULL;
	int64_t usual_errno = EPERM;
	json_t *calls = NULL, *o;
	uint32_t action;
	size_t i;

	if (json_opt_str(profile, "defaultAction", &usual, e) < 0 ||
	    json_opt_int(profile, "defaultErrnoRet", &usual_errno, e) < 0 ||
	    json_opt_arr(profile, "syscalls", &calls, e) < 0) {
		err_prefix(e, "linux.seccomp");
		return NULL;
	}
	if (!usual || action_of(usual, usual_errno, &action) < 0 || action == SCMP_ACT_NOTIFY) {
		fail(e, EINVAL, "linux.seccomp: 'defaultAction' %s cannot be used",
		     usual ? usual : "(none)");
		err_hint(e, "use SCMP_ACT_ERRNO, _ALLOW, _KILL_PROCESS, _TRAP or _LOG");
		return NULL;
	}
	scmp_filter_ctx ctx = seccomp_init(action);
	if (!ctx)
		return fail(e, EINVAL, "linux.seccomp: '%s' is refused by libseccomp", usual), NULL;
	tune(ctx);
	if (architectures(ctx, profile, e) < 0)
		goto bad;
	json_array_foreach(calls, i, o)
		if (entry(ctx, o, action, e) < 0) {
			err_prefix(e, "syscalls[%zu]", i);
			goto bad;
		}
	return ctx;
bad:
	err_prefix(e, "linux.seccomp");
	seccomp_release(ctx);
	return NULL;
}

char *
secrule_version(void)
{
	const struct scmp_version *v = seccomp_version();

	return xprintf("libseccomp %u.%u.%u, %x", v->major, v->minor, v->micro,
	               seccomp_arch_native());
}

bool
secrule_notifies(const json_t *profile)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(profile, "syscalls"), i, o)
		if (strcmp(json_str(o, "action", ""), "SCMP_ACT_NOTIFY") == 0)
			return true;
	return false;
}

int
secrule_export(void *context, int fd)
{
	return seccomp_export_bpf(context, fd);
}

void
secrule_free(void *context)
{
	if (context)
		seccomp_release(context);
}
