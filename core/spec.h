/* spec.h -- what the user asked for, validated.
 *
 * Its form on disk is an OCI runtime config.json (runtime-spec 1.2) for every
 * floor, with annotations "dev.joist.*" for what that format has no word for.
 * spec_of() checks every field that it takes over; pieces that belong to one
 * mechanism (seccomp, resources, capabilities) are kept as JSON and judged by
 * their module.  A struct spec is immutable and may be read by any thread.
 */
#ifndef CORE_SPEC_H
#define CORE_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct arena;

/* config.md#process */
struct process {
	char **args;            /* NULL-terminated; never empty once checked */
	char **env;             /* NULL-terminated */
	const char *cwd;        /* absolute */
	bool terminal;
	unsigned rows, cols;    /* consoleSize; 0 when not given */
	uint32_t uid, gid;
	const char *user_name;  /* user.username: USER[:GROUP] to be looked up inside */
	char **group_names;     /* annotation of ours: further groups, names or numbers */
	uint32_t *groups;
	size_t ngroups;
	int umask;              /* -1 when not given */
	bool no_new_privs;
	bool privileged;        /* of exec only: all rights that its monitor has, no filter */
	bool detached;          /* of exec only: nobody waits for it, nor hears it */
	bool has_oom_adj;
	int oom_adj;
	const json_t *capabilities;     /* NULL when absent; lent by the spec */
	const json_t *rlimits;
	const json_t *scheduler;
	const json_t *io_priority;
	const char *apparmor, *selinux;
};

/* config.md#mounts */
struct mount_spec {
	const char *dest, *type, *source;       /* type and source may be NULL */
	char **options;                         /* NULL-terminated */
	const json_t *uid_map, *gid_map;        /* id-mapped mount, or NULL */
};

/* config.md#posix-platform-hooks */
enum hook_point {
	HOOK_PRESTART, HOOK_CREATE_RUNTIME, HOOK_CREATE_CONTAINER, HOOK_START_CONTAINER,
	HOOK_POSTSTART, HOOK_POSTSTOP, HOOK_POINTS
};

struct hook {
	const char *path;
	char **args, **env;     /* NULL-terminated; args may be NULL */
	int64_t timeout;        /* seconds, 0 for none */
};

struct hooks {
	struct hook *list;
	size_t n;
};

/* config-linux.md#namespaces, in the order of spec_ns_names */
enum ns { NS_MOUNT, NS_PID, NS_NETWORK, NS_IPC, NS_UTS, NS_USER, NS_CGROUP, NS_TIME, NS_COUNT };

struct ns_spec {
	bool fresh;             /* a new one */
	const char *path;       /* or join this one; else inherited */
};

/* config-linux.md#user-namespace-mappings */
struct idmap {
	uint32_t inside, outside, count;
};

struct device_spec {
	const char *path;
	char type;              /* c b p */
	unsigned major, minor;
	uint32_t mode, uid, gid;
};

struct spec {
	struct arena *arena;    /* own */
	json_t *doc;            /* own */

	struct process process;
	const char *root;       /* absolute path of the root folder, or NULL: from layers */
	bool root_readonly;
	const char *hostname, *domainname;
	struct mount_spec *mounts;
	size_t nmounts;
	struct hooks hooks[HOOK_POINTS];
	const json_t *annotations;      /* object or NULL */

	/* linux */
	struct ns_spec ns[NS_COUNT];
	struct idmap *uid_map, *gid_map;
	size_t nuid_map, ngid_map;
	struct device_spec *devices;
	size_t ndevices;
	const char *cgroups_path;
	const json_t *resources, *seccomp, *sysctl, *time_offsets, *personality;
	char **masked, **readonly;      /* NULL-terminated */
	const char *propagation;        /* rootfsPropagation or NULL */
	const char *mount_label;
};

/* Names as in linux.namespaces[].type, and the CLONE_NEW* flag of each. */
extern const char *const spec_ns_names[NS_COUNT];
extern const uint64_t spec_ns_flags[NS_COUNT];

/* Check a document and take it over (also when it fails).  `bundle` is the
 * folder that root.path is relative to; NULL when there is none.  `name` is
 * used in errors. */
struct spec *spec_of(json_t *doc, const char *bundle, const char *name, struct err *e);
struct spec *spec_read(int dir, const char *path, const char *bundle, struct err *e);
void spec_free(struct spec *s);

/* A process of its own document (exec); lent pieces live as long as doc. */
int spec_process(const json_t *doc, struct process *p, struct arena *a, struct err *e);

/* The value of annotation "dev.joist.<key>", or the fallback. */
const char *spec_note(const struct spec *s, const char *key, const char *fallback);
const char *spec_note_of(const json_t *doc, const char *key, const char *fallback);
int spec_note_set(json_t *doc, const char *key, const char *value);

#endif
