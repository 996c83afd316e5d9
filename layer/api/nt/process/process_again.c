/* SPDX-License-Identifier: Apache-2.0 */
/* process_again.c -- the child's side: from the parcel to birth_run(). */
#include "layer/api/nt/host.h"
#include "layer/api/nt/process/again.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "layer/api/nt/process/parcel.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/object/shared.h"

/* Kept until the handles are made. */
static struct parcel parcel;

NTSTATUS
process_inherit(struct birth *b)
{
	struct object **of;

	(void)b;
	if (!parcel.nobject)
		return STATUS_SUCCESS;
	of = calloc(parcel.nobject, sizeof *of);
	if (!of)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < parcel.nobject; i++) {
		struct parcel_object *x = &parcel.objects[i];
		const struct object_class *class =
		        (const struct object_class
		                 *)(uintptr_t)((uint64_t)(uintptr_t)&process_class +
		                               (uint64_t)x->class);
		for (size_t k = 0; k < sizeof x->i.fd / sizeof *x->i.fd; k++)
			if (x->i.fd[k] > 2)
				fcntl(x->i.fd[k], F_SETFD, FD_CLOEXEC);
		of[i] = class->remake(&x->i);
	}
	/* One that could not be made again is a handle that does not work. */
	for (size_t i = 0; i < parcel.nhandle; i++) {
		struct parcel_handle *h = &parcel.handles[i];
		struct object *o = of[h->object];
		if (o)
			handle_put((HANDLE)(uintptr_t)h->value, object_ref(o), h->access,
			           h->inherit);
	}
	for (size_t i = 0; i < parcel.nobject; i++) {
		free(parcel.objects[i].i.text);
		if (of[i])
			object_unref(of[i]);
	}
	free(of);
	return STATUS_SUCCESS;
}

static void
running(void *ctx)
{
	(void)ctx;
}

/* Nobody but its parent hears of a process that could not begin: the words go to standard
 * error, the code to the table. */
static int
complain(const struct err *e)
{
	if (e->what[0])
		dprintf(2, "joist: %s\n", e->what);
	if (e->hint[0])
		dprintf(2, "       %s\n", e->hint);
	process_end(e->status == EXIT_NOT_FOUND ? (uint32_t)STATUS_DLL_NOT_FOUND
	                                        : (uint32_t)STATUS_DLL_INIT_FAILED);
	return err_exit(e);
}

static int
unpack(int fd, struct err *e)
{
	struct stat st;
	void *bytes = MAP_FAILED;

	fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= PARCEL_MOST)
		bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED || parcel_read(bytes, (size_t)st.st_size, &parcel) < 0) {
		fail(e, EINVAL, "what a program is born with did not come whole");
		return err_hint(e, "joist starts itself under this name: do not start it by hand");
	}
	munmap(bytes, (size_t)st.st_size);
	close(fd);
	return 0;
}

int
process_again(int argc, char **argv)
{
	struct err e = { 0 };
	uint64_t fd;

	if (argc != 2 || !str_u64(argv[1], 1 << 20, &fd)) {
		fail(&e, EINVAL,
		     "joist-again is what joist calls itself when a program starts another one");
		err_hint(&e, "do not start it by hand");
		return complain(&e);
	}
	if (unpack((int)fd, &e) < 0 || shared_adopt(parcel.shared_fd, &e) < 0)
		return complain(&e);
	process_exe_adopt(parcel.exe_fd);
	host_adopt(parcel.meminfo_fd, parcel.stat_fd);
	struct birth *b = &parcel.birth;
	if (b->trace)
		fcntl(b->trace_fd, F_SETFD, FD_CLOEXEC);
	if (b->monitor_fd >= 0)
		fcntl(b->monitor_fd, F_SETFD, FD_CLOEXEC);
	b->jailed = true;
	if (chdir(b->cwd) < 0) {
		fail(&e, errno, "working folder '%s': %s", b->cwd, strerror(errno));
		return complain(&e);
	}
	birth_run(b, running, NULL, &e);
	return complain(&e);
}
