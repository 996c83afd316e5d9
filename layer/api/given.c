/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/str.h"
#include "layer/api/nt/host.h"

/* -- from the request to the configuration ------------------------------------------------ */

static void
show(json_t *mounts, const char *source, const char *dest, bool readonly)
{
	json_array_append_new(mounts, json_pack("{s:s, s:s, s:s, s:[s, s]}", "destination", dest,
	                                        "type", "bind", "source", source, "options",
	                                        "rbind", readonly ? "ro" : "rw"));
}

/* A path of the host as the program will see it on drive Z: */
static void
show_in_place(json_t *mounts, const char *path, bool readonly)
{
	char *dest = xprintf("Z:%s", path);
	for (char *p = dest; *p; p++)
		if (*p == '/')
			*p = '\\';
	show(mounts, path, dest, readonly);
	free(dest);
}

/* SRC[:X[:]][:ro|:rw]: at its own place on Z:, or as drive X:. */
static int
volume(json_t *mounts, const char *text, struct err *e)
{
	char *copy = xstrdup(text), *rest = copy;
	const char *source = strsep(&rest, ":"), *word;
	bool readonly = false, bad = !*source;
	char letter = 0;
	while (!bad && (word = strsep(&rest, ":"))) {
		if (strcmp(word, "ro") == 0 || strcmp(word, "rw") == 0)
			readonly = word[1] == 'o';
		else if (*word && !word[1] && !letter && (*word & ~32) >= 'A' &&
		         (*word & ~32) <= 'Z')
			letter = (char)(*word & ~32);
		else if (*word && strcmp(word, source) != 0)
			bad = true;
	}
	char *path = bad ? NULL : realpath(source, NULL);
	int rc = 0;
	if (bad || letter == 'C' || letter == 'Z') {
		fail(e, EINVAL, "-v '%s' cannot be given to a Windows program", text);
		rc = err_hint(
		        e, "write it as -v FOLDER[:ro], or -v FOLDER:E for drive E: (not C or Z)");
	} else if (!path) {
		fail(e, errno, "-v '%s': %s", source, strerror(errno));
		rc = err_hint(e, "make it first");
	} else if (letter) {
		char dest[] = { letter, ':', '\\', '\0' };
		show(mounts, path, dest, readonly);
	} else {
		show_in_place(mounts, path, readonly);
	}
	free(path);
	free(copy);
	return rc;
}

static int
allow(json_t *config, json_t *mounts, const char *text, struct err *e)
{
	if (str_starts(text, "fs:") && text[3])
		return volume(mounts, text + 3, e);
	if (strcmp(text, "net") == 0) {
		spec_note_set(config, "win.network", "true");
		return 0;
	}
	fail(e, EINVAL, "--allow '%s' is nothing that a Windows program can be given", text);
	return err_hint(e, "use fs:PATH[:ro], or net");
}

static int
working_folder(json_t *config, json_t *mounts, const json_t *request, struct err *e)
{
	const char *dir = json_str(request, "workdir", NULL);
	char *path = dir ? realpath(dir, NULL) : getcwd(NULL, 0);
	if (!path) {
		fail(e, errno, "-w '%s': %s", dir ? dir : ".", strerror(errno));
		return err_hint(e, "choose a folder that there is");
	}
	if (!json_yes(request, "deny_all"))
		show_in_place(mounts, path, false);
	spec_note_set(config, "win.cwd", path);
	/* the spec's own word is for systems with other paths */
	json_object_set_new(json_object_get(config, "process"), "cwd", json_string("/"));
	free(path);
	return 0;
}

int
given_complete(json_t *config, const json_t *request, struct err *e)
{
	json_t *mounts = json_array(), *v;
	const char *net = json_str(request, "net", "none");
	size_t i;
	int rc = working_folder(config, mounts, request, e);
	json_array_foreach(json_object_get(request, "volume"), i, v)
		if (rc == 0)
			rc = volume(mounts, json_string_value(v), e);
	json_array_foreach(json_object_get(request, "allow"), i, v)
		if (rc == 0)
			rc = allow(config, mounts, json_string_value(v), e);
	if (strcmp(net, "host") == 0)
		spec_note_set(config, "win.network", "true");
	else if (rc == 0 && strcmp(net, "none") != 0) {
		fail(e, EINVAL, "--net %s: a Windows program has the host's network, or none", net);
		rc = err_hint(e, "use --net host, or --in os/win for a network of its own");
	}
	/* a program in the foreground is used as one of the host: its input is ours */
	if (!json_yes(request, "detach"))
		spec_note_set(config, "stdin", "true");
	if (json_str(request, "hostname", NULL))
		spec_note_set(config, "win.hostname", json_str(request, "hostname", ""));
	if (rc == 0 && json_str(request, "trace", NULL))
		spec_note_set(config, "win.trace", json_str(request, "trace", ""));
	json_object_set_new(config, "mounts", mounts);
	return rc;
}

/* -- from the configuration to the birth ----------------------------------------------------- */

static bool
has_option(const struct mount_spec *m, const char *option)
{
	for (char **o = m->options; o && *o; o++)
		if (strcmp(*o, option) == 0)
			return true;
	return false;
}

static void
drive(struct birth *b, char letter, const char *root, bool readonly)
{
	b->drives = realloc(b->drives, (b->ndrive + 1) * sizeof *b->drives);
	if (!b->drives)
		abort();
	b->drives[b->ndrive++] = (struct drive){ (WCHAR)letter, xstrdup(root), readonly };
}

static void
see(struct birth *b, const char *path, bool readonly)
{
	b->show = realloc(b->show, (b->nshow + 1) * sizeof *b->show);
	if (!b->show)
		abort();
	b->show[b->nshow++] = (struct birth_path){ xstrdup(path), readonly };
}

/* Unless one of the first `own` has that name.  Takes text over; how many there are now. */
static size_t
add_default(char **env, size_t own, size_t n, char *text)
{
	size_t name = strcspn(text, "=") + 1;

	for (size_t i = 0; i < own; i++)
		if (strncasecmp(env[i], text, name) == 0) {
			free(text);
			return n;
		}
	env[n] = text;
	return n + 1;
}

/* Variables that every Windows program may rely on; the user's come first. */
static char **
variables(char *const *given, const char *hostname)
{
	static const char *const defaults[] = {
		"ALLUSERSPROFILE=C:\\ProgramData",
		"APPDATA=C:\\Users\\joist\\AppData\\Roaming",
		"ComSpec=C:\\Windows\\System32\\cmd.exe",
		"HOMEDRIVE=C:",
		"HOMEPATH=\\Users\\joist",
		"LOCALAPPDATA=C:\\Users\\joist\\AppData\\Local",
		"OS=Windows_NT",
		"PATH=C:\\Windows\\System32;C:\\Windows",
		"PATHEXT=.COM;.EXE;.BAT;.CMD",
		"PROCESSOR_ARCHITECTURE=AMD64",
		"ProgramData=C:\\ProgramData",
		"ProgramFiles=C:\\Program Files",
		"PUBLIC=C:\\Users\\Public",
		"SystemDrive=C:",
		"SystemRoot=C:\\Windows",
		"TEMP=C:\\Users\\joist\\AppData\\Local\\Temp",
		"TMP=C:\\Users\\joist\\AppData\\Local\\Temp",
		"USERNAME=joist",
		"USERPROFILE=C:\\Users\\joist",
		"windir=C:\\Windows",
	};
	size_t n = 0, k = 0;
	while (given && given[n])
		n++;
	size_t most = n + sizeof defaults / sizeof *defaults + 3;
	char **env = xcalloc(most + 1, sizeof *env);
	for (size_t i = 0; i < n; i++)
		if (!str_starts(given[i], "PATH=/") && !str_starts(given[i], "HOME=/"))
			env[k++] = xstrdup(given[i]);
	size_t own = k;
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		k = add_default(env, own, k, xstrdup(defaults[i]));
	char full[65], computer[16];
	host_name(full);
	host_short(hostname ? hostname : full, computer);
	k = add_default(env, own, k, xprintf("COMPUTERNAME=%s", computer));
	k = add_default(env, own, k, xprintf("USERDOMAIN=%s", computer));
	add_default(env, own, k, xprintf("NUMBER_OF_PROCESSORS=%u", host_processors()));
	return env;
}

int
given_birth(const struct spec *s, const struct home *h, struct birth *b, struct err *e)
{
	const char *program = spec_note(s, "artifact", "");
	const char *slash = strrchr(program, '/');
	*b = (struct birth){ .trace_fd = -1, .monitor_fd = -1, .process_id = 8 };
	b->image = xstrdup(program);
	if (!slash || access(program, F_OK) < 0) {
		fail(e, errno, "'%s': %s", program, strerror(errno));
		err_hint(e, "the program was there when the machine was made; put it back");
		return err_status(e, EXIT_NOT_FOUND);
	}
	b->args = s->process.args;
	b->cwd = xstrdup(spec_note(s, "win.cwd", "/"));
	/* not the machine's own folder: its configuration and its control socket are there */
	b->store = xprintf("%s/win", h->dir_path);
	b->private = xprintf("%s/c", b->store);
	if (mkdir(b->store, 0700) < 0 && errno != EEXIST) {
		fail(e, errno, "'%s' cannot be made: %s", b->store, strerror(errno));
		return err_hint(e, "look for a full disk");
	}
	b->cache = xprintf("%s/cache/images", h->root_path);
	b->rootless = h->rootless;
	b->network = strcmp(spec_note(s, "win.network", ""), "true") == 0;
	/* in the host's network its name is found by others; alone, a program needs not know it */
	const char *name = spec_note(s, "win.hostname", b->network ? NULL : h->name);
	b->hostname = name ? xstrdup(name) : NULL;
	b->env = variables(s->process.env, b->hostname);
	drive(b, 'C', b->private, false);
	drive(b, 'Z', "", false);
	char *folder = xprintf("%.*s", (int)(strrchr(b->image, '/') - b->image), b->image);
	/* what is installed in PREFIX/bin looks for PREFIX/lib and PREFIX/share */
	char *base = strrchr(folder, '/');
	if (base && base != folder && strcasecmp(base, "/bin") == 0)
		*base = '\0';
	see(b, folder, true);
	see(b, b->store, false);
	see(b, b->cache, true);
	free(folder);
	for (size_t i = 0; i < s->nmounts; i++) {
		const struct mount_spec *m = &s->mounts[i];
		struct stat st;
		if (!m->source || stat(m->source, &st) < 0) {
			fail(e, errno, "-v '%s': %s", m->source ? m->source : m->dest,
			     strerror(errno));
			return err_hint(e, "it was there when the machine was made; put it back");
		}
		see(b, m->source, has_option(m, "ro"));
		if (m->dest[0] && m->dest[1] == ':' && m->dest[0] != 'Z')
			drive(b, m->dest[0], m->source, has_option(m, "ro"));
	}
	return 0;
}

void
given_free(struct birth *b)
{
	for (char **v = b->env; v && *v; v++)
		free(*v);
	for (size_t i = 0; i < b->ndrive; i++)
		free(b->drives[i].root);
	for (size_t i = 0; i < b->nshow; i++)
		free(b->show[i].path);
	free(b->env);
	free(b->drives);
	free(b->show);
	free(b->image);
	free(b->cwd);
	free(b->store);
	free(b->private);
	free(b->cache);
	free(b->hostname);
	*b = (struct birth){ 0 };
}
