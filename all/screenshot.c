/* SPDX-License-Identifier: Apache-2.0 */
/* screenshot.c -- the face of the library: what a machine shows. */
#include "include/joist.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "all/face.h"
#include "base/json.h"
#include "base/png.h"
#include "core/control.h"
#include "core/machine.h"

enum { SIDE_MOST = 1 << 14 };

/* The pixels that came in a file, as PNG. */
static int
encode(const struct channel *c, const json_t *answer, struct buf *png, struct err *e)
{
	int64_t width = json_int(answer, "width", 0), height = json_int(answer, "height", 0);
	struct stat st;
	if (c->nfd != 1 || width < 1 || height < 1 || width > SIDE_MOST || height > SIDE_MOST ||
	    fstat(c->fd[0], &st) < 0 || st.st_size != width * height * 4)
		return fail(e, EPROTO, "the monitor's answer holds no picture");
	size_t n = (size_t)st.st_size;
	void *pixels = mmap(NULL, n, PROT_READ, MAP_PRIVATE, c->fd[0], 0);
	if (pixels == MAP_FAILED)
		return fail(e, errno, "cannot read the picture: %s", strerror(errno));
	int rc = png_write(png, pixels, (uint32_t)width, (uint32_t)height, e);
	munmap(pixels, n);
	return rc;
}

int
joist_screenshot(struct joist *j, const char *name, void **png, size_t *n, struct err *e)
{
	struct store *s = face_store(j, e);
	struct machine *m = s ? machine_open(s, name, e) : NULL;
	struct channel c = { 0 };
	struct buf b = { 0 };
	int sock = -1, rc = -1;
	json_t *answer = NULL, *request = json_pack("{s:s}", "do", "picture");

	if (m && machine_settle(m, e) == 0)
		sock = control_connect(m, e);
	if (sock >= 0)
		answer = control_ask(sock, &c, request, NULL, 0, e);
	if (answer)
		rc = encode(&c, answer, &b, e);
	if (rc == 0) {
		*png = b.p;
		*n = b.n;
	} else {
		buf_free(&b);
	}
	json_decref(answer);
	json_decref(request);
	channel_free(&c);
	if (sock >= 0)
		close(sock);
	machine_close(m);
	return rc;
}
