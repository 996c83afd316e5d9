/* SPDX-License-Identifier: Apache-2.0 */
/* main.c -- joist-vnc: shows a computer's screen to viewers (RFC 6143), by libvncserver.
 *
 * Started by the computer (layer/hal/dev/vnc.c) with a stream to it as standard input and
 * the socket where viewers knock as standard output; it ends when the stream does.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rfb/rfb.h>

#include "base/arena.h"
#include "core/viewer.h"

enum { STREAM = 0, DOOR = 1 };
enum { WIDTH = 640, HEIGHT = 480 }; /* until the computer shows something */
enum { MOST = 1 << 14 };            /* pixels across and down */
enum { VIEWERS = 64, HELLO = 5 };   /* seconds for a viewer that does not go on */

static rfbScreenInfoPtr screen;
static char password[VIEWER_PASSWORD_MOST + 1];
static char *passwords[] = { password, NULL };

/* -- from viewers ---------------------------------------------------------------------- */

/* What the computer does not take in time (it is at rest) is lost at some point: nobody
 * else shall wait for it. */
static void
tell(enum viewer_kind kind, uint32_t x, uint32_t y, uint32_t z)
{
	struct viewer_message m = { kind, { x, y, z, 0 } };
	ssize_t n = send(STREAM, &m, sizeof m, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* half a message would spoil all that follow */
	if (n >= 0 && n < (ssize_t)sizeof m)
		_exit(1);
}

static void
key(rfbBool down, rfbKeySym sym, rfbClientPtr c)
{
	(void)c;
	tell(VIEWER_KEY, sym, down != 0, 0);
}

static uint32_t
scale(int at, int size)
{
	if (at < 0 || size < 2)
		return 0;
	return at >= size ? VIEWER_RANGE : (uint32_t)((int64_t)at * VIEWER_RANGE / (size - 1));
}

static void
point(int buttons, int x, int y, rfbClientPtr c)
{
	tell(VIEWER_POINT, scale(x, screen->width), scale(y, screen->height), (uint32_t)buttons);
	rfbDefaultPtrAddEvent(buttons, x, y, c);
}

/* -- from the computer ------------------------------------------------------------------ */

static void
take(void *bytes, size_t n)
{
	char *p = bytes;
	while (n > 0) {
		ssize_t got = read(STREAM, p, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			_exit(0);
		p += got;
		n -= (size_t)got;
	}
}

static void
set_format(void)
{
	screen->serverFormat.redShift = 16;
	screen->serverFormat.greenShift = 8;
	screen->serverFormat.blueShift = 0;
}

static void
resize(uint32_t width, uint32_t height)
{
	char *old = screen->frameBuffer;
	if (width > MOST || height > MOST)
		_exit(1);
	if (!width || !height) {
		memset(old, 0, (size_t)screen->width * (size_t)screen->height * 4);
		rfbMarkRectAsModified(screen, 0, 0, screen->width, screen->height);
		return;
	}
	rfbNewFramebuffer(screen, xcalloc((size_t)width * height, 4), (int)width, (int)height, 8, 3,
	                  4);
	free(old);
	/* it has chosen an order of colours again */
	set_format();
	rfbClientIteratorPtr i = rfbGetClientIterator(screen);
	for (rfbClientPtr c; (c = rfbClientIteratorNext(i));)
		screen->setTranslateFunction(c);
	rfbReleaseClientIterator(i);
}

static void
pixels(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	uint32_t across = (uint32_t)screen->width, down = (uint32_t)screen->height;
	if (x > across || width > across - x || y > down || height > down - y)
		_exit(1);
	for (uint32_t i = 0; i < height; i++)
		take(screen->frameBuffer + ((size_t)(y + i) * across + x) * 4, (size_t)width * 4);
	rfbMarkRectAsModified(screen, (int)x, (int)y, (int)(x + width), (int)(y + height));
}

/* X's form of a cursor: colours, and a mask of one bit each, the leftmost highest. */
static void
cursor(bool shown, uint32_t x, uint32_t y)
{
	enum { SIDE = VIEWER_CURSOR_SIDE, ACROSS = SIDE / 8 };
	static uint32_t p[SIDE * SIDE];
	take(p, sizeof p);
	if (!shown || x >= SIDE || y >= SIDE) {
		rfbSetCursor(screen, NULL);
		return;
	}
	rfbCursorPtr c = xcalloc(1, sizeof *c);
	c->width = c->height = SIDE;
	c->xhot = (unsigned short)x;
	c->yhot = (unsigned short)y;
	c->richSource = xcalloc(SIDE * SIDE, 4);
	c->mask = xcalloc(SIDE * ACROSS, 1);
	c->source = xcalloc(SIDE * ACROSS, 1);
	for (uint32_t i = 0; i < SIDE * SIDE; i++) {
		uint32_t colour = p[i] & 0xffffff;
		memcpy(c->richSource + (size_t)i * 4, &colour, 4);
		if (p[i] >> 31)
			c->mask[i / 8] |= (unsigned char)(0x80 >> i % 8);
	}
	c->cleanup = c->cleanupRichSource = c->cleanupMask = c->cleanupSource = TRUE;
	rfbSetCursor(screen, c);
}

static void
take_password(uint32_t n)
{
	if (n > VIEWER_PASSWORD_MOST)
		_exit(1);
	take(password, n);
	password[n] = '\0';
	screen->authPasswdData = (void *)passwords;
	screen->passwordCheck = rfbCheckPasswordByList;
}

static void
obey(void)
{
	struct viewer_message m;
	const uint32_t *p = m.value;
	take(&m, sizeof m);
	switch (m.kind) {
	case VIEWER_PASSWORD: take_password(p[0]); break;
	case VIEWER_SIZE: resize(p[0], p[1]); break;
	case VIEWER_PIXELS: pixels(p[0], p[1], p[2], p[3]); break;
	case VIEWER_CURSOR: cursor(p[0], p[1], p[2]); break;
	default: _exit(1);
	}
}

/* -- its life ---------------------------------------------------------------------------- */

static bool
waits(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, 0) > 0;
}

static void
quiet(const char *format, ...)
{
	(void)format;
}

static void
admit(void)
{
	int sock = accept4(DOOR, NULL, NULL, SOCK_CLOEXEC), n = 0;
	if (sock < 0)
		return;
	rfbClientIteratorPtr i = rfbGetClientIterator(screen);
	while (rfbClientIteratorNext(i))
		n++;
	rfbReleaseClientIterator(i);
	if (n >= VIEWERS || sock >= FD_SETSIZE)
		close(sock);
	else
		rfbNewClient(screen, sock);
}

int
main(void)
{
	/* a terminal's signals are for the computer; its end is ours */
	static const int ignored[] = { SIGINT, SIGHUP, SIGQUIT, SIGPIPE };
	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	rfbLog = rfbErr = quiet;
	screen = rfbGetScreen(NULL, NULL, WIDTH, HEIGHT, 8, 3, 4);
	if (!screen)
		return 1;
	screen->frameBuffer = xcalloc(WIDTH * HEIGHT, 4);
	set_format();
	screen->desktopName = "Joist";
	screen->port = screen->ipv6port = screen->udpPort = 0;
	screen->autoPort = FALSE;
	screen->alwaysShared = TRUE;
	screen->deferUpdateTime = screen->deferPtrUpdateTime = 0;
	screen->kbdAddEvent = key;
	screen->ptrAddEvent = point;
	rfbSetCursor(screen, NULL);
	rfbMaxClientWait = HELLO * 1000;
	rfbInitServer(screen);
	for (;;) {
		fd_set set = screen->allFds;
		int most = screen->maxFd > DOOR ? screen->maxFd : DOOR;
		FD_SET(STREAM, &set);
		FD_SET(DOOR, &set);
		if (select(most + 1, &set, NULL, NULL, NULL) < 0 && errno != EINTR)
			return 1;
		if (waits(DOOR))
			admit();
		/* as much as is there, so that viewers get what belongs together; a computer
		 * that never stops does not keep them from it */
		for (int i = 0; i < 1024 && waits(STREAM); i++)
			obey();
		/* a viewer that wants more and more does not keep the computer waiting */
		for (int i = 0; i < 16 && rfbProcessEvents(screen, 0); i++)
			;
	}
}
