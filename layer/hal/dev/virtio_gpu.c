/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/virtio_gpu.h"

#include <endian.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "core/pages.h"
#include "layer/hal/dev/worker.h"

enum { QUEUE = 256, SCREENS = 16, EVENT_DISPLAY = 1 };

/* Commands and answers (5.7.6.7). */
enum {
	GET_DISPLAY_INFO = 0x100,
	CREATE_2D,
	UNREF,
	SET_SCANOUT,
	FLUSH,
	TRANSFER,
	ATTACH,
	DETACH,
	UPDATE_CURSOR = 0x300,
	MOVE_CURSOR,
	OK_NODATA = 0x1100,
	OK_DISPLAY_INFO,
	ERR_UNSPEC = 0x1200,
	ERR_OUT_OF_MEMORY,
	ERR_INVALID_SCANOUT_ID,
	ERR_INVALID_RESOURCE_ID,
	ERR_INVALID_CONTEXT_ID,
	ERR_INVALID_PARAMETER,
};
enum { FLAG_FENCE = 1 };

enum {
	HEAD = 24,
	REQUEST = 64,   /* the longest command without what is attached */
	CURSOR = 64,    /* pixels on each side */
	SOME = 1 << 16, /* pixels converted at once, at least a row */
	PICTURES = 512,
	PIECES = 16384, /* of memory of one picture */
	INFO_TAG = SNAP_TAG('G', 'P', 'U', ' '),
	PIXEL_TAG = SNAP_TAG('G', 'P', 'I', 'X'),
};
#define BYTES (UINT64_C(256) << 20) /* of all pictures */

/* Pixels of 32 bits: at which byte each colour stands (5.7.6.8). */
static const struct {
	uint8_t id, red, green, blue, alpha;
} formats[] = {
	{ 1, 2, 1, 0, 3 },   /* B8G8R8A8 */
	{ 2, 2, 1, 0, 4 },   /* B8G8R8X8: no alpha */
	{ 3, 1, 2, 3, 0 },   /* A8R8G8B8 */
	{ 4, 1, 2, 3, 4 },   /* X8R8G8B8 */
	{ 67, 0, 1, 2, 3 },  /* R8G8B8A8 */
	{ 68, 3, 2, 1, 4 },  /* X8B8G8R8 */
	{ 121, 3, 2, 1, 0 }, /* A8B8G8R8 */
	{ 134, 0, 1, 2, 4 }, /* R8G8B8X8 */
};

struct piece {
	uint64_t addr;
	uint32_t n;
};

/* What the standard calls a resource. */
struct picture {
	struct picture *next;
	uint32_t id, format; /* format: index of formats */
	uint32_t width, height;
	uint8_t *bytes;      /* own: width * height * 4, as the guest has it */
	struct piece *piece; /* own: the guest's memory behind it */
	uint32_t npieces;
};

struct gpu {
	struct worker *worker;
	struct screen *screen;          /* own */
	_Atomic uint32_t width, height; /* wished for */
	uint32_t events;                /* under the bus's lock */

	/* the worker's thread only, or at rest */
	struct picture *pictures;
	unsigned npictures;
	uint64_t bytes;
	uint32_t shown;          /* id of the picture on the screen, 0: none */
	struct screen_rect part; /* of it */
	struct screen_cursor cursor;
	uint32_t *some; /* own: pixels on their way to the screen */
};

struct command {
	uint32_t type, flags, context;
	uint64_t fence;
	struct cur c; /* behind the head */
	const struct chain *chain;
	struct buf *answer; /* behind its head */
};

static const struct field gpu_fields[] = { FIELD_OF_U32(struct gpu, events), { 0 } };

/* -- pictures ------------------------------------------------------------------------ */

static struct picture *
find(const struct gpu *g, uint32_t id)
{
	struct picture *p = g->pictures;
	while (p && p->id != id)
		p = p->next;
	return p;
}

static uint64_t
size_of(uint32_t width, uint32_t height)
{
	return (uint64_t)width * height * 4;
}

/* NULL: such a picture cannot be. */
static struct picture *
picture_new(struct gpu *g, uint32_t id, uint32_t format, uint32_t width, uint32_t height)
{
	uint32_t i = 0;
	while (i < sizeof formats / sizeof formats[0] && formats[i].id != format)
		i++;
	if (i == sizeof formats / sizeof formats[0] || !id || !width || !height ||
	    width > SCREEN_MAX || height > SCREEN_MAX || g->npictures == PICTURES ||
	    size_of(width, height) > BYTES - g->bytes || find(g, id))
		return NULL;
	struct picture *p = xcalloc(1, sizeof *p);
	p->id = id;
	p->format = i;
	p->width = width;
	p->height = height;
	p->bytes = xcalloc(1, size_of(width, height));
	p->next = g->pictures;
	g->pictures = p;
	g->npictures++;
	g->bytes += size_of(width, height);
	return p;
}

static void
picture_free(struct gpu *g, struct picture *p)
{
	struct picture **at = &g->pictures;
	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
	g->npictures--;
	g->bytes -= size_of(p->width, p->height);
	free(p->bytes);
	free(p->piece);
	free(p);
}

static bool
inside(const struct screen_rect *r, uint32_t width, uint32_t height)
{
	return r->x <= width && r->width <= width - r->x && r->y <= height &&
	       r->height <= height - r->y;
}

static uint32_t
pixel(uint32_t format, const uint8_t *p)
{
	uint32_t alpha = formats[format].alpha < 4 ? p[formats[format].alpha] : 0xff;
	return alpha << 24 | (uint32_t)p[formats[format].red] << 16 |
	       (uint32_t)p[formats[format].green] << 8 | p[formats[format].blue];
}

/* n pixels of a picture as the screen has them. */
static void
convert(uint32_t format, const uint8_t *from, uint32_t *to, size_t n)
{
	if (formats[format].red == 2 && formats[format].blue == 0) {
		/* as most have it, and fast: one word each */
		for (size_t i = 0; i < n; i++) {
			uint32_t word;
			memcpy(&word, from + i * 4, 4);
			to[i] = le32toh(word) & 0xffffff;
		}
		return;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = pixel(format, from + i * 4) & 0xffffff;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Part of a picture, in its own coordinates, to where the screen shows it. */
static void
show(struct gpu *g, const struct picture *p, const struct screen_rect *r)
{
	const struct screen_rect *s = &g->part;
	uint32_t left = r->x > s->x ? r->x : s->x, top = r->y > s->y ? r->y : s->y;
	uint32_t right = least(r->x + r->width, s->x + s->width);
	uint32_t bottom = least(r->y + r->height, s->y + s->height), rows;
	if (left >= right)
		return;
	/* some rows at a time: who looks is not kept waiting */
	for (uint32_t y = top; y < bottom; y += rows) {
		rows = least(SOME / (right - left), bottom - y);
		for (uint32_t i = 0; i < rows; i++)
			convert(p->format, p->bytes + ((size_t)(y + i) * p->width + left) * 4,
			        g->some + (size_t)i * (right - left), right - left);
		screen_draw(g->screen, left - s->x, y - s->y, right - left, rows, g->some,
		            right - left);
	}
}

static void
hide(struct gpu *g)
{
	g->shown = 0;
	screen_size(g->screen, 0, 0);
}

static void
forget(struct gpu *g)
{
	while (g->pictures)
		picture_free(g, g->pictures);
	hide(g);
	memset(&g->cursor, 0, sizeof g->cursor);
	screen_point(g->screen, &g->cursor);
}

/* -- commands: the worker's thread ------------------------------------------------------ */

static struct screen_rect
get_rect(struct cur *c)
{
	struct screen_rect r = { .x = cur_u32(c) };
	r.y = cur_u32(c);
	r.width = cur_u32(c);
	r.height = cur_u32(c);
	return r;
}

static uint32_t
display_info(struct gpu *g, struct command *m)
{
	for (int i = 0; i < SCREENS; i++) {
		buf_u64(m->answer, 0);
		buf_u32(m->answer, i == 0 ? atomic_load(&g->width) : 0);
		buf_u32(m->answer, i == 0 ? atomic_load(&g->height) : 0);
		buf_u32(m->answer, i == 0);
		buf_u32(m->answer, 0);
	}
	return OK_DISPLAY_INFO;
}

static uint32_t
create(struct gpu *g, struct command *m)
{
	uint32_t id = cur_u32(&m->c), format = cur_u32(&m->c);
	uint32_t width = cur_u32(&m->c), height = cur_u32(&m->c);
	if (!id || find(g, id))
		return ERR_INVALID_RESOURCE_ID;
	if (width && height && width <= SCREEN_MAX && height <= SCREEN_MAX &&
	    (size_of(width, height) > BYTES - g->bytes || g->npictures == PICTURES))
		return ERR_OUT_OF_MEMORY;
	return picture_new(g, id, format, width, height) ? OK_NODATA : ERR_INVALID_PARAMETER;
}

static uint32_t
unref(struct gpu *g, struct command *m)
{
	struct picture *p = find(g, cur_u32(&m->c));
	if (!p)
		return ERR_INVALID_RESOURCE_ID;
	if (g->shown == p->id)
		hide(g);
	picture_free(g, p);
	return OK_NODATA;
}

static uint32_t
set_scanout(struct gpu *g, struct command *m)
{
	struct screen_rect r = get_rect(&m->c);
	uint32_t screen = cur_u32(&m->c), id = cur_u32(&m->c);
	const struct picture *p = find(g, id);
	if (screen != 0)
		return ERR_INVALID_SCANOUT_ID;
	if (!id) {
		hide(g);
		return OK_NODATA;
	}
	if (!p)
		return ERR_INVALID_RESOURCE_ID;
	if (!r.width || !r.height || !inside(&r, p->width, p->height))
		return ERR_INVALID_PARAMETER;
	g->shown = id;
	g->part = r;
	screen_size(g->screen, r.width, r.height);
	show(g, p, &r);
	return OK_NODATA;
}

static uint32_t
flush(struct gpu *g, struct command *m)
{
	struct screen_rect r = get_rect(&m->c);
	const struct picture *p = find(g, cur_u32(&m->c));
	if (!p)
		return ERR_INVALID_RESOURCE_ID;
	if (!inside(&r, p->width, p->height))
		return ERR_INVALID_PARAMETER;
	if (g->shown == p->id)
		show(g, p, &r);
	return OK_NODATA;
}

/* n bytes of the guest's memory from `offset` of a picture's pieces; *i and *at, the
 * piece and where it begins, only go forward. */
static void
fetch(struct bus *b, const struct picture *p, uint32_t *i, uint64_t *at, uint64_t offset,
      uint8_t *to, uint64_t n)
{
	while (n > 0 && *i < p->npieces) {
		const struct piece *s = &p->piece[*i];
		if (offset >= *at + s->n) {
			*at += s->n;
			++*i;
			continue;
		}
		uint64_t skip = offset - *at, k = s->n - skip < n ? s->n - skip : n;
		const uint8_t *from = bus_ram(b, s->addr + skip, k);
		if (from)
			memcpy(to, from, k);
		offset += k;
		to += k;
		n -= k;
	}
}

static uint32_t
transfer(struct gpu *g, struct command *m, struct bus *b)
{
	struct screen_rect r = get_rect(&m->c);
	uint64_t offset = cur_u64(&m->c), at = 0;
	struct picture *p = find(g, cur_u32(&m->c));
	uint32_t i = 0;
	if (!p)
		return ERR_INVALID_RESOURCE_ID;
	if (!inside(&r, p->width, p->height) || offset > BYTES)
		return ERR_INVALID_PARAMETER;
	for (uint32_t y = 0; y < r.height; y++)
		fetch(b, p, &i, &at, offset + (uint64_t)y * p->width * 4,
		      p->bytes + ((size_t)(r.y + y) * p->width + r.x) * 4, (uint64_t)r.width * 4);
	return OK_NODATA;
}

static uint32_t
attach(struct gpu *g, struct command *m, struct bus *b)
{
	struct picture *p = find(g, cur_u32(&m->c));
	uint32_t n = cur_u32(&m->c);
	if (!p)
		return ERR_INVALID_RESOURCE_ID;
	if (p->piece)
		return ERR_UNSPEC;
	if (!n || n > PIECES || m->chain->out_bytes - HEAD - 8 < n * UINT64_C(16))
		return ERR_INVALID_PARAMETER;
	p->piece = xcalloc(n, sizeof *p->piece);
	p->npieces = n;
	uint64_t skip = HEAD + 8;
	for (uint32_t i = 0; i < n; i++, skip += 16) {
		uint8_t bytes[16];
		virtio_gather(bytes, 16, m->chain->out, m->chain->nout, skip);
		struct cur c = cur_of(bytes, 16);
		p->piece[i].addr = cur_u64(&c);
		p->piece[i].n = cur_u32(&c);
		if (!bus_ram(b, p->piece[i].addr, p->piece[i].n)) {
			free(p->piece);
			p->piece = NULL;
			p->npieces = 0;
			return ERR_INVALID_PARAMETER;
		}
	}
	return OK_NODATA;
}

static uint32_t
detach(struct gpu *g, struct command *m)
{
	struct picture *p = find(g, cur_u32(&m->c));
	if (!p)
		return ERR_INVALID_RESOURCE_ID;
	free(p->piece);
	p->piece = NULL;
	p->npieces = 0;
	return OK_NODATA;
}

/* Its place is given in every command; the picture only when it is another one. */
static uint32_t
cursor(struct gpu *g, struct command *m)
{
	uint32_t screen = cur_u32(&m->c);
	g->cursor.x = cur_u32(&m->c);
	g->cursor.y = cur_u32(&m->c);
	cur_u32(&m->c);
	uint32_t id = cur_u32(&m->c);
	g->cursor.shown = id != 0;
	if (screen != 0)
		return ERR_INVALID_SCANOUT_ID;
	if (m->type == MOVE_CURSOR) {
		screen_move(g->screen, g->cursor.x, g->cursor.y, g->cursor.shown);
		return OK_NODATA;
	}
	const struct picture *p = find(g, id);
	g->cursor.hot_x = cur_u32(&m->c) % CURSOR;
	g->cursor.hot_y = cur_u32(&m->c) % CURSOR;
	if (id && (!p || p->width != CURSOR || p->height != CURSOR))
		return ERR_INVALID_RESOURCE_ID;
	for (size_t i = 0; p && i < CURSOR * CURSOR; i++)
		g->cursor.pixels[i] = pixel(p->format, p->bytes + i * 4);
	screen_point(g->screen, &g->cursor);
	return OK_NODATA;
}

static uint32_t
obey(struct virtio *v, struct command *m)
{
	struct gpu *g = v->self;
	switch (m->type) {
	case GET_DISPLAY_INFO: return display_info(g, m);
	case CREATE_2D: return create(g, m);
	case UNREF: return unref(g, m);
	case SET_SCANOUT: return set_scanout(g, m);
	case FLUSH: return flush(g, m);
	case TRANSFER: return transfer(g, m, v->bus);
	case ATTACH: return attach(g, m, v->bus);
	case DETACH: return detach(g, m);
	case UPDATE_CURSOR:
	case MOVE_CURSOR: return cursor(g, m);
	default: return ERR_UNSPEC;
	}
}

static bool
one(struct virtio *v, unsigned queue, struct chain *c, uint32_t *written)
{
	uint8_t bytes[REQUEST] = { 0 };
	struct buf body = { 0 }, answer = { 0 };
	struct cur head = cur_of(bytes, sizeof bytes);
	(void)queue;
	/* What is missing is zero. */
	if (virtio_gather(bytes, sizeof bytes, c->out, c->nout, 0) < HEAD)
		return true;
	struct command m = { .type = cur_u32(&head), .chain = c, .answer = &body };
	m.flags = cur_u32(&head);
	m.fence = cur_u64(&head);
	m.context = cur_u32(&head);
	uint32_t ring = cur_u32(&head);
	m.c = head;
	buf_u32(&answer, obey(v, &m));
	buf_u32(&answer, m.flags & FLAG_FENCE);
	buf_u64(&answer, m.flags & FLAG_FENCE ? m.fence : 0);
	buf_u32(&answer, m.context);
	buf_u32(&answer, m.flags & FLAG_FENCE ? ring : 0);
	buf_put(&answer, body.p, body.n);
	*written = (uint32_t)virtio_scatter(c->in, c->nin, 0, answer.p, answer.n);
	buf_free(&answer);
	buf_free(&body);
	return true;
}

/* -- snapshots --------------------------------------------------------------------------- */

static int
save(struct virtio *v, struct snap *to, struct err *e)
{
	struct gpu *g = v->self;
	struct buf b = { 0 };
	buf_u32(&b, g->npictures);
	buf_u32(&b, g->shown);
	const uint32_t part[] = { g->part.x, g->part.y, g->part.width, g->part.height };
	for (int i = 0; i < 4; i++)
		buf_u32(&b, part[i]);
	for (const struct picture *p = g->pictures; p; p = p->next) {
		buf_u32(&b, p->id);
		buf_u32(&b, formats[p->format].id);
		buf_u32(&b, p->width);
		buf_u32(&b, p->height);
		buf_u32(&b, p->npieces);
		for (uint32_t i = 0; i < p->npieces; i++) {
			buf_u64(&b, p->piece[i].addr);
			buf_u32(&b, p->piece[i].n);
		}
	}
	const uint32_t place[] = { g->cursor.x, g->cursor.y, g->cursor.hot_x, g->cursor.hot_y,
		                   g->cursor.shown };
	for (int i = 0; i < 5; i++)
		buf_u32(&b, place[i]);
	for (size_t i = 0; i < CURSOR * CURSOR; i++)
		buf_u32(&b, g->cursor.pixels[i]);
	int rc = snap_put_buf(to, INFO_TAG, &b, e);
	buf_free(&b);
	for (const struct picture *p = g->pictures; p && rc == 0; p = p->next)
		rc = pages_put(to, PIXEL_TAG, p->id, p->bytes, size_of(p->width, p->height), e);
	return rc;
}

static struct picture *
load_picture(struct gpu *g, struct bus *b, struct cur *c)
{
	uint32_t id = cur_u32(c), format = cur_u32(c), width = cur_u32(c), height = cur_u32(c);
	uint32_t n = cur_u32(c);
	if (c->bad || n > PIECES)
		return NULL;
	struct picture *p = picture_new(g, id, format, width, height);
	if (!p || !n)
		return p;
	p->piece = xcalloc(n, sizeof *p->piece);
	p->npieces = n;
	for (uint32_t i = 0; i < n; i++) {
		p->piece[i].addr = cur_u64(c);
		p->piece[i].n = cur_u32(c);
		if (!bus_ram(b, p->piece[i].addr, p->piece[i].n))
			return NULL;
	}
	return p;
}

static bool
load_info(struct virtio *v, struct cur *c)
{
	struct gpu *g = v->self;
	uint32_t n = cur_u32(c);
	uint32_t shown = cur_u32(c);
	struct screen_rect part = get_rect(c);
	struct picture *list = NULL;
	for (uint32_t i = 0; i < n; i++)
		if (!load_picture(g, v->bus, c))
			return false;
	/* They were put in front of each other: as they were saved, for their pixels. */
	while (g->pictures) {
		struct picture *p = g->pictures;
		g->pictures = p->next;
		p->next = list;
		list = p;
	}
	g->pictures = list;
	g->cursor.x = cur_u32(c);
	g->cursor.y = cur_u32(c);
	g->cursor.hot_x = cur_u32(c) % CURSOR;
	g->cursor.hot_y = cur_u32(c) % CURSOR;
	g->cursor.shown = cur_u32(c);
	for (size_t i = 0; i < CURSOR * CURSOR; i++)
		g->cursor.pixels[i] = cur_u32(c);
	const struct picture *p = find(g, shown);
	if (c->bad ||
	    (shown && (!p || !part.width || !part.height || !inside(&part, p->width, p->height))))
		return false;
	g->shown = shown;
	g->part = part;
	return true;
}

static int
load(struct virtio *v, struct snap *from, struct err *e)
{
	struct gpu *g = v->self;
	struct cur c;
	forget(g);
	if (snap_get(from, INFO_TAG, &c, e) < 0)
		return -1;
	if (!load_info(v, &c)) {
		forget(g);
		return fail(e, EBADMSG, "%s: the snapshot has pictures that cannot be", v->name);
	}
	for (struct picture *p = g->pictures; p; p = p->next)
		if (pages_get(from, PIXEL_TAG, p->id, p->bytes, size_of(p->width, p->height), e) <
		    0)
			return -1;
	screen_point(g->screen, &g->cursor);
	if (g->shown) {
		screen_size(g->screen, g->part.width, g->part.height);
		show(g, find(g, g->shown), &g->part);
	}
	return 0;
}

/* -- the device --------------------------------------------------------------------------- */

static void
notify(struct virtio *v, unsigned queue)
{
	(void)queue;
	worker_notify(((struct gpu *)v->self)->worker);
}

static void
reset(struct virtio *v)
{
	struct gpu *g = v->self;
	worker_drain(g->worker);
	forget(g);
	g->events = 0;
}

static void
rest(struct virtio *v)
{
	worker_rest(((struct gpu *)v->self)->worker);
}

static void
wake(struct virtio *v)
{
	worker_wake(((struct gpu *)v->self)->worker);
}

static void
config_read(struct virtio *v, uint32_t offset, uint8_t *bytes, uint32_t n)
{
	const struct gpu *g = v->self;
	uint8_t c[16] = { (uint8_t)g->events, [8] = 1 };
	virtio_config_bytes(c, sizeof c, offset, bytes, n);
}

/* events_clear, at 4 */
static void
config_write(struct virtio *v, uint32_t offset, const uint8_t *bytes, uint32_t n)
{
	struct gpu *g = v->self;
	if (offset == 4 && n > 0)
		g->events &= ~(uint32_t)bytes[0];
}

static json_t *
inspect(struct virtio *v)
{
	const struct gpu *g = v->self;
	uint32_t width, height;
	pthread_mutex_lock(&g->screen->lock);
	width = g->screen->width;
	height = g->screen->height;
	pthread_mutex_unlock(&g->screen->lock);
	return json_pack("{s:i, s:i}", "width", (int)width, "height", (int)height);
}

static void
destroy(struct virtio *v)
{
	struct gpu *g = v->self;
	worker_free(g->worker);
	forget(g);
	screen_free(g->screen);
	free(g->some);
	free(g);
}

static const struct virtio_ops gpu_ops = { .type = "virtio-gpu",
	                                   .id = 16,
	                                   .queues = 2,
	                                   .size = QUEUE,
	                                   .fields = gpu_fields,
	                                   .reset = reset,
	                                   .notify = notify,
	                                   .config_read = config_read,
	                                   .config_write = config_write,
	                                   .save = save,
	                                   .load = load,
	                                   .rest = rest,
	                                   .wake = wake,
	                                   .inspect = inspect,
	                                   .destroy = destroy };

struct virtio *
virtio_gpu_new(struct board *b, const char *name, uint32_t width, uint32_t height)
{
	struct gpu *g = xcalloc(1, sizeof *g);
	g->screen = screen_new();
	g->some = xcalloc(SOME, sizeof *g->some);
	g->width = width;
	g->height = height;
	struct virtio *v = virtio_new(b, &gpu_ops, name, g);
	g->worker = worker_new(v, 2, one);
	return v;
}

struct screen *
virtio_gpu_screen(struct virtio *v)
{
	return ((struct gpu *)v->self)->screen;
}

void
virtio_gpu_resize(struct virtio *v, uint32_t width, uint32_t height)
{
	struct gpu *g = v->self;
	if (atomic_load(&g->width) == width && atomic_load(&g->height) == height)
		return;
	atomic_store(&g->width, width);
	atomic_store(&g->height, height);
	g->events |= EVENT_DISPLAY;
	virtio_config_changed(v);
}
