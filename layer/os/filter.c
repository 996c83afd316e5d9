/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/os/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cur.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "layer/os/seccode.h"
#include "layer/os/secprofile.h"
#include "layer/os/secrule.h"

struct filter {
	struct sock_filter *code; /* own */
	unsigned short n;
	unsigned flags;            /* SECCOMP_FILTER_FLAG_* */
	char *listener, *metadata; /* own; NULL without notify */
};

enum { MOST = 1 << 20 };

static const char magic[8] = "JSTBPF1";

/* -- the cache -------------------------------------------------------------------- */

static void
cache_name(const char *source, char name[40])
{
	snprintf(name, 40, "seccomp-%016llx.bpf", (unsigned long long)str_hash(source, STR_HASH));
}

/* magic, length of the source, source, count, instructions */
static bool
cached(struct filter *s, int cache, const char *source)
{
	char name[40], *data;
	size_t n, len = strlen(source);

	cache_name(source, name);
	if (cache < 0 || file_read(cache, name, MOST, &data, &n, NULL) < 0)
		return false;
	struct cur c = cur_of(data, n);
	const uint8_t *m = cur_bytes(&c, sizeof magic);
	uint32_t k = cur_u32(&c);
	const uint8_t *text = k == len ? cur_bytes(&c, k) : NULL;
	uint32_t count = cur_u32(&c);
	bool good = m && text && memcmp(m, magic, sizeof magic) == 0 &&
	            memcmp(text, source, len) == 0 && count > 0 && count <= BPF_MAXINSNS &&
	            cur_left(&c) == count * sizeof *s->code;
	if (good) {
		s->code = xmalloc(count * sizeof *s->code);
		memcpy(s->code, cur_bytes(&c, count * sizeof *s->code), count * sizeof *s->code);
		s->n = (unsigned short)count;
	}
	free(data);
	return good;
}

static void
put_u32(struct str *s, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		str_addc(s, (char)(v >> (8 * i)));
}

static void
keep(const struct filter *s, int cache, const char *source)
{
	struct str out = { 0 };
	char name[40];

	cache_name(source, name);
	str_addn(&out, magic, sizeof magic);
	put_u32(&out, (uint32_t)strlen(source));
	str_add(&out, source);
	put_u32(&out, s->n);
	str_addn(&out, s->code, s->n * sizeof *s->code);
	/* A cache that cannot be written is only slower. */
	file_write(cache, name, out.p, out.n, 0600, false, NULL);
	str_free(&out);
}

/* -- compiling -------------------------------------------------------------------- */

/* libseccomp writes programs to a descriptor. */
static int
take_code(struct filter *s, void *context, struct err *e)
{
	int fd = memfd_create("seccomp", MFD_CLOEXEC);
	off_t n = -1;

	if (fd >= 0 && secrule_export(context, fd) == 0)
		n = lseek(fd, 0, SEEK_END);
	if (n <= 0 || (size_t)n % sizeof *s->code || (size_t)n / sizeof *s->code > BPF_MAXINSNS) {
		if (fd >= 0)
			close(fd);
		return fail(e, E2BIG, "the seccomp profile cannot be compiled: too many rules");
	}
	s->code = xmalloc((size_t)n);
	s->n = (unsigned short)((size_t)n / sizeof *s->code);
	bool whole = pread(fd, s->code, (size_t)n, 0) == n;
	close(fd);
	return whole ? 0 : fail(e, EIO, "the seccomp profile cannot be read back");
}

static int
own(struct filter *s, const json_t *profile, struct err *e)
{
	void *context = secrule_own(profile, e);
	int rc = context ? take_code(s, context, e) : -1;

	secrule_free(context);
	return rc;
}

static int
usual(struct filter *s, uint64_t caps, struct err *e)
{
	struct seccode *c = xmalloc(sizeof *c);
	int rc = seccode_build(c, caps, e);

	if (rc == 0) {
		s->n = (unsigned short)c->n;
		s->code = xmalloc((size_t)c->n * sizeof *s->code);
		memcpy(s->code, c->code, (size_t)c->n * sizeof *s->code);
	}
	free(c);
	return rc;
}

static unsigned
flag(const char *name)
{
	static const struct {
		const char *name;
		unsigned bit;
	} flags[] = {
		{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
		{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 1u << 5 },
	};

	for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
		if (strcmp(name, flags[i].name) == 0)
			return flags[i].bit;
	return 0;
}

static int
options(struct filter *s, const json_t *profile, struct err *e)
{
	json_t *list = NULL, *v;
	size_t i;

	if (json_opt_arr(profile, "flags", &list, e) < 0)
		return err_prefix(e, "linux.seccomp");
	json_array_foreach(list, i, v) {
		const char *name = json_string_value(v);
		unsigned bit = name ? flag(name) : 0;
		if (!bit)
			return fail(e, EINVAL, "linux.seccomp: there is no flag '%s'",
			            name ? name : "");
		s->flags |= bit;
	}
	if (!secrule_notifies(profile))
		return 0;
	const char *path = NULL, *metadata = NULL;
	if (json_opt_str(profile, "listenerPath", &path, e) < 0 ||
	    json_opt_str(profile, "listenerMetadata", &metadata, e) < 0)
		return err_prefix(e, "linux.seccomp");
	if (!path || path[0] != '/') {
		fail(e, EINVAL, "linux.seccomp: SCMP_ACT_NOTIFY needs a 'listenerPath'");
		return err_hint(e, "name the socket of the agent that answers");
	}
	s->listener = xstrdup(path);
	s->metadata = metadata ? xstrdup(metadata) : NULL;
	s->flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	/* A listener and TSYNC are two uses of one return value (seccomp(2)). */
	s->flags &= ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	return 0;
}

/* What a profile's program is made from. */
static char *
text_of(const json_t *profile)
{
	char *version = secrule_version(),
	     *json = json_dumps(profile, JSON_COMPACT | JSON_SORT_KEYS);
	char *text = json ? xprintf("%s\n%s", version, json) : NULL;

	free(version);
	free(json);
	return text;
}

int
filter_prepare(const json_t *profile, uint64_t caps, int cache, struct filter **out, struct err *e)
{
	json_t *plain = profile ? secprofile_plain(profile, caps, e) : NULL;

	*out = NULL;
	if (profile && !plain)
		return -1;
	struct filter *s = xcalloc(1, sizeof *s);
	char *source = plain ? text_of(plain) : seccode_text(caps);
	int rc = source ? 0 : fail(e, EINVAL, "linux.seccomp cannot be read");

	if (rc == 0 && plain)
		rc = options(s, plain, e);
	if (rc == 0 && !cached(s, cache, source)) {
		rc = plain ? own(s, plain, e) : usual(s, caps, e);
		if (rc == 0 && cache >= 0)
			keep(s, cache, source);
	}
	json_decref(plain);
	free(source);
	if (rc < 0)
		filter_free(s);
	else
		*out = s;
	return rc;
}

void
filter_free(struct filter *s)
{
	if (!s)
		return;
	free(s->code);
	free(s->listener);
	free(s->metadata);
	free(s);
}

/* -- using ------------------------------------------------------------------------- */

int
filter_load(const struct filter *s, int *notify, struct err *e)
{
	struct sock_fprog program = { .len = s->n, .filter = s->code };
	long rc = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, s->flags, &program);

	if (rc < 0) {
		fail(e, errno, "cannot load the seccomp filter: %s", strerror(errno));
		if (errno == EACCES)
			err_hint(e,
			         "without CAP_SYS_ADMIN it needs --security-opt no-new-privileges");
		return -1;
	}
	if (s->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		*notify = (int)rc;
	return 0;
}

int
filter_notify(const struct filter *s, pid_t pid, int fd, const char *name, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(s->listener) >= sizeof a.sun_path) {
		fail(e, ENAMETOOLONG, "linux.seccomp: 'listenerPath' is too long for a socket");
		goto bad;
	}
	memcpy(a.sun_path, s->listener, strlen(s->listener) + 1);
	if (sock < 0 || connect(sock, (struct sockaddr *)&a, sizeof a) < 0) {
		fail(e, errno, "the seccomp agent at '%s': %s", s->listener, strerror(errno));
		err_hint(e, "start it before the container");
		goto bad;
	}
	/* runtime-spec config-linux.md#containerprocessstate */
	json_t *doc = json_pack("{s:s, s:[s], s:i, s:s, s:{s:s, s:s, s:s, s:i, s:s}}", "ociVersion",
	                        "1.2.0", "fds", "seccompFd", "pid", (int)pid, "metadata",
	                        s->metadata ? s->metadata : "", "state", "ociVersion", "1.2.0",
	                        "id", name, "status", "creating", "pid", (int)pid, "bundle", "/");
	char *text = json_dumps(doc, JSON_COMPACT);
	ssize_t n = file_send_fds(sock, text, strlen(text), &fd, 1);
	int why = errno;
	json_decref(doc);
	free(text);
	close(sock);
	return n < 0 ? fail(e, why, "the seccomp agent at '%s': %s", s->listener, strerror(why))
	             : 0;
bad:
	if (sock >= 0)
		close(sock);
	return -1;
}
