/* SPDX-License-Identifier: Apache-2.0 */
#include "test/hal/driver.h"

#include "layer/hal/dev/virtio_gpu.h"

enum { CONTROL = 0, CURSOR = 1, PAGE = 4096 };
enum {
	INFO = 0x100,
	CREATE,
	UNREF,
	SCANOUT,
	FLUSH,
	TRANSFER,
	ATTACH,
	DETACH,
	UPDATE = 0x300,
	MOVE,
	OK = 0x1100,
	UNSPEC = 0x1200,
	NO_MEMORY,
	NO_SCREEN,
	NO_PICTURE,
	NO_CONTEXT,
	WRONG,
};

static uint64_t reply_at;

static struct driver *
gpu_new(void)
{
	struct driver *d = driver_new();
	driver_plug(d, virtio_gpu_new(d->board, "gpu0", 800, 600));
	return d;
}

/* A command with numbers behind its head; the type of the answer. */
static uint32_t
tell_on(struct driver *d, unsigned queue, uint32_t type, const uint32_t *v, unsigned n)
{
	struct buf b = { 0 };
	uint64_t heap = d->heap;
	buf_u32(&b, type);
	buf_u32(&b, 1);
	buf_u64(&b, 0x1122334455667788);
	buf_u64(&b, 0);
	for (unsigned i = 0; i < n; i++)
		buf_u32(&b, v[i]);
	reply_at = driver_room(d, 512, 16);
	struct part p[2] = { { driver_bytes(d, b.p, b.n), (uint32_t)b.n, false },
		             { reply_at, 512, true } };
	uint32_t got = driver_do(d, queue, p, 2);
	assert_true(got == 24 || got == 408);
	const uint8_t *r = driver_ptr(d, reply_at);
	assert_int_equal(r[4], 1);
	assert_memory_equal(r + 8, "\x88\x77\x66\x55\x44\x33\x22\x11", 8);
	buf_free(&b);
	d->heap = heap;
	return (uint32_t)(r[0] | r[1] << 8);
}

#define TELL(d, type, ...)                                                                         \
	tell_on(d, CONTROL, type, (const uint32_t[]){ __VA_ARGS__ },                               \
	        sizeof((const uint32_t[]){ __VA_ARGS__ }) / 4)

/* A picture of that size with memory of the guest's behind it, in three pieces. */
static uint64_t
picture(struct driver *d, uint32_t id, uint32_t format, uint32_t width, uint32_t height)
{
	uint32_t n = width * height * 4, one = n / 3 / 4 * 4 + 4;
	uint64_t at = driver_room(d, n, 16);
	assert_int_equal(TELL(d, CREATE, id, format, width, height), OK);
	assert_int_equal(TELL(d, ATTACH, id, 3, (uint32_t)at, 0, one, 0, (uint32_t)at + one, 0, one,
	                      0, (uint32_t)at + 2 * one, 0, n - 2 * one, 0),
	                 OK);
	return at;
}

static uint32_t
shown(struct driver *d, uint32_t x, uint32_t y)
{
	uint32_t width, height;
	uint32_t *p = screen_take(virtio_gpu_screen(d->v), &width, &height);
	assert_non_null(p);
	assert_true(x < width && y < height);
	uint32_t v = p[y * width + x];
	free(p);
	return v;
}

static void
it_says_how_large_it_is(void **state)
{
	(void)state;
	struct driver *d = gpu_new();
	assert_int_equal(driver_get(d, 0x008), 16);
	assert_int_equal(driver_get(d, 0x108), 1);
	assert_int_equal(driver_get(d, 0x10c), 0);
	driver_up(d, 0, 16);
	assert_int_equal(tell_on(d, CONTROL, INFO, NULL, 0), 0x1101);
	const uint32_t *r = driver_ptr(d, reply_at + 24);
	assert_int_equal(r[2], 800);
	assert_int_equal(r[3], 600);
	assert_int_equal(r[4], 1);
	assert_int_equal(r[8] | r[9] | r[10], 0);
	/* another size: the guest is told, until it says that it knows */
	pthread_mutex_lock(&d->bus->lock);
	virtio_gpu_resize(d->v, 1024, 768);
	pthread_mutex_unlock(&d->bus->lock);
	assert_int_equal(driver_get(d, 0x100), 1);
	assert_int_equal(driver_ack(d) & 2, 2);
	driver_set(d, 0x104, 1);
	assert_int_equal(driver_get(d, 0x100), 0);
	tell_on(d, CONTROL, INFO, NULL, 0);
	assert_int_equal(((const uint32_t *)driver_ptr(d, reply_at + 24))[2], 1024);
	driver_free(d);
}

static void
pictures_are_shown(void **state)
{
	(void)state;
	struct driver *d = gpu_new();
	driver_up(d, 0, 16);
	uint32_t *p = driver_ptr(d, picture(d, 7, 2, 100, 80));
	for (uint32_t i = 0; i < 8000; i++)
		p[i] = htole32(0xff000000 | i);
	uint32_t w, h;
	assert_null(screen_take(virtio_gpu_screen(d->v), &w, &h));
	/* a part of it is the screen; it is black until something is transferred */
	assert_int_equal(TELL(d, SCANOUT, 10, 20, 64, 48, 0, 7), OK);
	assert_int_equal(shown(d, 0, 0), 0);
	assert_int_equal(TELL(d, TRANSFER, 0, 0, 100, 80, 0, 0, 7), OK);
	assert_int_equal(shown(d, 0, 0), 0);
	assert_int_equal(TELL(d, FLUSH, 0, 0, 100, 80, 7), OK);
	assert_int_equal(shown(d, 0, 0), 20 * 100 + 10);
	assert_int_equal(shown(d, 63, 47), 67 * 100 + 73);
	/* a part of a part: its place in memory is told by its offset */
	for (uint32_t i = 0; i < 8000; i++)
		p[i] = htole32(0xaaaaaa);
	assert_int_equal(TELL(d, TRANSFER, 30, 40, 5, 4, (40 * 100 + 30) * 4, 0, 7), OK);
	uint64_t before = virtio_gpu_screen(d->v)->count;
	assert_int_equal(TELL(d, FLUSH, 30, 40, 5, 4, 7), OK);
	assert_int_equal(virtio_gpu_screen(d->v)->count, before + 1);
	assert_int_equal(shown(d, 20, 20), 0xaaaaaa);
	assert_int_equal(shown(d, 24, 23), 0xaaaaaa);
	assert_int_equal(shown(d, 25, 23), 43 * 100 + 35);
	assert_int_equal(shown(d, 19, 20), 40 * 100 + 29);
	/* what is not on the screen changes nothing there */
	assert_int_equal(TELL(d, FLUSH, 0, 0, 10, 20, 7), OK);
	assert_int_equal(virtio_gpu_screen(d->v)->count, before + 1);
	assert_int_equal(TELL(d, SCANOUT, 0, 0, 0, 0, 0, 0), OK);
	assert_null(screen_take(virtio_gpu_screen(d->v), &w, &h));
	assert_int_equal(TELL(d, SCANOUT, 0, 0, 100, 80, 0, 7), OK);
	assert_int_equal(shown(d, 99, 0), 99);
	/* gone with its picture */
	assert_int_equal(TELL(d, UNREF, 7, 0), OK);
	assert_null(screen_take(virtio_gpu_screen(d->v), &w, &h));
	driver_free(d);
}

static void
all_formats_have_the_same_colours(void **state)
{
	static const struct {
		uint8_t id, bytes[4];
	} formats[] = { { 1, { 3, 2, 1, 9 } },   { 2, { 3, 2, 1, 9 } },  { 3, { 9, 1, 2, 3 } },
		        { 4, { 9, 1, 2, 3 } },   { 67, { 1, 2, 3, 9 } }, { 68, { 9, 3, 2, 1 } },
		        { 121, { 9, 3, 2, 1 } }, { 134, { 1, 2, 3, 9 } } };
	(void)state;
	struct driver *d = gpu_new();
	driver_up(d, 0, 16);
	for (uint32_t i = 0; i < 8; i++) {
		uint64_t at = picture(d, i + 1, formats[i].id, 4, 4);
		memcpy(driver_ptr(d, at), formats[i].bytes, 4);
		assert_int_equal(TELL(d, TRANSFER, 0, 0, 4, 4, 0, 0, i + 1), OK);
		assert_int_equal(TELL(d, SCANOUT, 0, 0, 4, 4, 0, i + 1), OK);
		assert_int_equal(shown(d, 0, 0), 0x010203);
	}
	driver_free(d);
}

static void
what_cannot_be_is_refused(void **state)
{
	(void)state;
	struct driver *d = gpu_new();
	driver_up(d, 0, 16);
	uint32_t at = (uint32_t)picture(d, 1, 2, 10, 10);
	assert_int_equal(TELL(d, CREATE, 1, 2, 10, 10), NO_PICTURE);
	assert_int_equal(TELL(d, CREATE, 0, 2, 10, 10), NO_PICTURE);
	assert_int_equal(TELL(d, CREATE, 2, 5, 10, 10), WRONG);
	assert_int_equal(TELL(d, CREATE, 2, 2, 0, 10), WRONG);
	assert_int_equal(TELL(d, CREATE, 2, 2, 16385, 10), WRONG);
	assert_int_equal(TELL(d, CREATE, 2, 2, UINT32_MAX, UINT32_MAX), WRONG);
	assert_int_equal(TELL(d, CREATE, 2, 2, 16384, 16384), NO_MEMORY);
	assert_int_equal(TELL(d, CREATE, 2, 2, 8192, 8000), OK);
	assert_int_equal(TELL(d, CREATE, 3, 2, 8192, 200), NO_MEMORY);
	assert_int_equal(TELL(d, UNREF, 2, 0), OK);
	assert_int_equal(TELL(d, UNREF, 2, 0), NO_PICTURE);
	assert_int_equal(TELL(d, SCANOUT, 0, 0, 10, 10, 1, 1), NO_SCREEN);
	assert_int_equal(TELL(d, SCANOUT, 0, 0, 10, 10, 0, 9), NO_PICTURE);
	assert_int_equal(TELL(d, SCANOUT, 1, 0, 10, 10, 0, 1), WRONG);
	assert_int_equal(TELL(d, SCANOUT, 5, 5, UINT32_MAX, 1, 0, 1), WRONG);
	assert_int_equal(TELL(d, SCANOUT, 0, 0, 0, 10, 0, 1), WRONG);
	assert_int_equal(TELL(d, FLUSH, 0, 1, 10, 10, 1), WRONG);
	assert_int_equal(TELL(d, FLUSH, 0, 0, 10, 10, 2), NO_PICTURE);
	assert_int_equal(TELL(d, TRANSFER, UINT32_MAX, 0, 2, 10, 0, 0, 1), WRONG);
	assert_int_equal(TELL(d, TRANSFER, 0, 0, 10, 10, 0, 1, 1), WRONG);
	assert_int_equal(TELL(d, TRANSFER, 0, 0, 10, 10, 0, 0, 2), NO_PICTURE);
	/* an offset behind its memory: nothing comes */
	assert_int_equal(TELL(d, TRANSFER, 0, 0, 10, 10, 4000, 0, 1), OK);
	assert_int_equal(TELL(d, ATTACH, 1, 1, at, 0, 4, 0), UNSPEC);
	assert_int_equal(TELL(d, DETACH, 1, 0), OK);
	assert_int_equal(TELL(d, TRANSFER, 0, 0, 10, 10, 0, 0, 1), OK);
	assert_int_equal(TELL(d, ATTACH, 1, 0), WRONG);
	assert_int_equal(TELL(d, ATTACH, 1, 1), WRONG);
	assert_int_equal(TELL(d, ATTACH, 1, 2, at, 0, 4, 0), WRONG);
	assert_int_equal(TELL(d, ATTACH, 1, UINT32_MAX, at, 0, 4, 0), WRONG);
	assert_int_equal(TELL(d, ATTACH, 1, 1, at, 1, 4, 0), WRONG);
	assert_int_equal(TELL(d, ATTACH, 1, 1, at, 0, UINT32_MAX, 0), WRONG);
	assert_int_equal(TELL(d, ATTACH, 2, 1, at, 0, 4, 0), NO_PICTURE);
	assert_int_equal(TELL(d, ATTACH, 1, 2, at, 0, 0, 0, at, 0, 40, 0), OK);
	assert_int_equal(TELL(d, TRANSFER, 0, 0, 10, 10, 0, 0, 1), OK);
	assert_int_equal(TELL(d, 0x10a, 0), UNSPEC);
	assert_int_equal(tell_on(d, CONTROL, 0, NULL, 0), UNSPEC);
	/* no head at all */
	struct part p = { driver_room(d, 8, 8), 8, false };
	assert_int_equal(driver_do(d, CONTROL, &p, 1), 0);
	driver_free(d);
}

static void
the_cursor_is_drawn_and_moved(void **state)
{
	(void)state;
	struct driver *d = gpu_new();
	driver_up(d, 0, 16);
	uint64_t at = picture(d, 3, 1, 64, 64);
	memset(driver_ptr(d, at), 0x80, 64 * 64 * 4);
	assert_int_equal(TELL(d, TRANSFER, 0, 0, 64, 64, 0, 0, 3), OK);
	const uint32_t update[] = { 0, 50, 60, 0, 3, 4, 5, 0 };
	assert_int_equal(tell_on(d, CURSOR, UPDATE, update, 8), OK);
	const struct screen *f = virtio_gpu_screen(d->v);
	assert_int_equal(f->cursor.pixels[4095], 0x80808080);
	assert_int_equal(f->cursor.hot_y, 5);
	assert_true(f->cursor.shown);
	uint64_t before = f->cursor_changed;
	const uint32_t move[] = { 0, 51, 61, 0, 3, 0, 0, 0 };
	assert_int_equal(tell_on(d, CURSOR, MOVE, move, 8), OK);
	assert_int_equal(f->cursor.y, 61);
	assert_true(f->cursor_changed > before);
	const uint32_t none[] = { 0, 51, 61, 0, 0, 0, 0, 0 };
	assert_int_equal(tell_on(d, CURSOR, UPDATE, none, 8), OK);
	assert_false(f->cursor.shown);
	const uint32_t wrong[] = { 0, 51, 61, 0, 9, 0, 0, 0 };
	assert_int_equal(tell_on(d, CURSOR, UPDATE, wrong, 8), NO_PICTURE);
	const uint32_t screen[] = { 1, 51, 61, 0, 3, 0, 0, 0 };
	assert_int_equal(tell_on(d, CURSOR, UPDATE, screen, 8), NO_SCREEN);
	driver_free(d);
}

static void
pictures_travel(void **state)
{
	(void)state;
	struct driver *d = gpu_new();
	driver_up(d, 0, 16);
	for (uint32_t id = 1; id < 4; id++) {
		uint32_t *p = driver_ptr(d, picture(d, id, 2, 20, 20));
		for (uint32_t i = 0; i < 400; i++)
			p[i] = htole32(id * 1000 + i);
		assert_int_equal(TELL(d, TRANSFER, 0, 0, 20, 20, 0, 0, id), OK);
	}
	assert_int_equal(TELL(d, SCANOUT, 0, 0, 20, 20, 0, 2), OK);
	struct snap *s = driver_save(d);
	struct driver *t = gpu_new();
	driver_load(t, d, s);
	assert_int_equal(shown(t, 19, 19), 2399);
	assert_int_equal(TELL(t, SCANOUT, 0, 0, 20, 20, 0, 3), OK);
	assert_int_equal(shown(t, 19, 19), 3399);
	/* with the memory behind them */
	assert_int_equal(TELL(t, TRANSFER, 0, 0, 20, 20, 4, 0, 1), OK);
	assert_int_equal(TELL(t, SCANOUT, 0, 0, 20, 20, 0, 1), OK);
	assert_int_equal(shown(t, 0, 0), 1001);
	snap_free(s);
	driver_free(t);
	/* a reset forgets them */
	board_wake(d->board);
	driver_up(d, 0, 16);
	assert_int_equal(TELL(d, UNREF, 1, 0), NO_PICTURE);
	driver_free(d);
}

/* -- screens --------------------------------------------------------------------------------- */

static void
who_looks_sees_what_changed(void **state)
{
	uint32_t at = 0, white[4] = { 0xffffff, 0xffffff, 0xffffff, 0xffffff };
	struct screen_rect r;
	(void)state;
	struct screen *f = screen_new();
	assert_false(screen_changes(f, 0, &at, &r));
	screen_size(f, 200, 100);
	uint64_t seen = 0;
	/* all of it, a row of tiles at a time, the last ones cut */
	assert_true(screen_changes(f, seen, &at, &r));
	assert_int_equal(r.x + r.y, 0);
	assert_int_equal(r.width, 200);
	assert_int_equal(r.height, 64);
	assert_true(screen_changes(f, seen, &at, &r));
	assert_int_equal(r.y, 64);
	assert_int_equal(r.height, 36);
	assert_false(screen_changes(f, seen, &at, &r));
	seen = f->count;
	at = 0;
	assert_false(screen_changes(f, seen, &at, &r));
	screen_draw(f, 63, 63, 2, 2, white, 2);
	screen_draw(f, 199, 99, 4, 4, white, 0);
	screen_draw(f, 200, 0, 4, 4, white, 0);
	screen_draw(f, 0, 100, UINT32_MAX, UINT32_MAX, white, 0);
	at = 0;
	assert_true(screen_changes(f, seen, &at, &r));
	assert_int_equal(r.width, 128);
	assert_true(screen_changes(f, seen, &at, &r));
	assert_int_equal(r.x, 0);
	assert_int_equal(r.width, 128);
	assert_true(screen_changes(f, seen, &at, &r));
	assert_int_equal(r.x, 192);
	assert_int_equal(r.width, 8);
	assert_false(screen_changes(f, seen, &at, &r));
	assert_int_equal(f->pixels[63 * 200 + 63], 0xffffff);
	assert_int_equal(f->pixels[64 * 200 + 64], 0xffffff);
	assert_int_equal(f->pixels[64 * 200 + 65], 0);
	assert_int_equal(f->pixels[200 * 100 - 1], 0xffffff);
	screen_size(f, SCREEN_MAX + 1, 5);
	assert_int_equal(f->width, 0);
	screen_free(f);
	screen_free(NULL);
}

UNIT_MAIN(TEST(it_says_how_large_it_is), TEST(pictures_are_shown),
          TEST(all_formats_have_the_same_colours), TEST(what_cannot_be_is_refused),
          TEST(the_cursor_is_drawn_and_moved), TEST(pictures_travel),
          TEST(who_looks_sees_what_changed))
