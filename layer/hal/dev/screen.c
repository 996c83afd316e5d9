/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/screen.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static uint32_t
tiles(uint32_t pixels)
{
	return (pixels + SCREEN_TILE - 1) / SCREEN_TILE;
}

struct screen *
screen_new(void)
{
	struct screen *f = xcalloc(1, sizeof *f);
	pthread_mutex_init(&f->lock, NULL);
	return f;
}

void
screen_free(struct screen *f)
{
	if (!f)
		return;
	pthread_mutex_destroy(&f->lock);
	free(f->pixels);
	free(f->tile);
	free(f);
}

/* Unlock after a change, and tell. */
static void
done(struct screen *f)
{
	void (*changed)(void *ctx) = f->changed;
	void *ctx = f->ctx;
	pthread_mutex_unlock(&f->lock);
	if (changed)
		changed(ctx);
}

void
screen_size(struct screen *f, uint32_t width, uint32_t height)
{
	if (!width || !height || width > SCREEN_MAX || height > SCREEN_MAX)
		width = height = 0;
	pthread_mutex_lock(&f->lock);
	if (f->width == width && f->height == height) {
		pthread_mutex_unlock(&f->lock);
		return;
	}
	free(f->pixels);
	free(f->tile);
	f->pixels = NULL;
	f->tile = NULL;
	f->width = width;
	f->height = height;
	f->sized = ++f->count;
	if (width) {
		size_t n = (size_t)tiles(width) * tiles(height);
		f->pixels = xcalloc((size_t)width * height, sizeof *f->pixels);
		f->tile = xcalloc(n, sizeof *f->tile);
		for (size_t i = 0; i < n; i++)
			f->tile[i] = f->count;
	}
	done(f);
}

void
screen_draw(struct screen *f, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
            const uint32_t *pixels, uint64_t stride)
{
	pthread_mutex_lock(&f->lock);
	if (x < f->width && width > f->width - x)
		width = f->width - x;
	if (y < f->height && height > f->height - y)
		height = f->height - y;
	if (x >= f->width || y >= f->height || !width || !height) {
		pthread_mutex_unlock(&f->lock);
		return;
	}
	for (uint32_t row = 0; row < height; row++)
		memcpy(f->pixels + (size_t)(y + row) * f->width + x, pixels + row * stride,
		       width * sizeof *pixels);
	f->count++;
	for (uint32_t ty = y / SCREEN_TILE; ty <= (y + height - 1) / SCREEN_TILE; ty++)
		for (uint32_t tx = x / SCREEN_TILE; tx <= (x + width - 1) / SCREEN_TILE; tx++)
			f->tile[(size_t)ty * tiles(f->width) + tx] = f->count;
	done(f);
}

void
screen_point(struct screen *f, const struct screen_cursor *c)
{
	pthread_mutex_lock(&f->lock);
	f->cursor = *c;
	f->cursor_changed = ++f->count;
	done(f);
}

void
screen_move(struct screen *f, uint32_t x, uint32_t y, bool shown)
{
	pthread_mutex_lock(&f->lock);
	f->cursor.x = x;
	f->cursor.y = y;
	f->cursor.shown = shown;
	f->cursor_changed = ++f->count;
	done(f);
}

uint32_t *
screen_take(struct screen *f, uint32_t *width, uint32_t *height)
{
	uint32_t *copy = NULL;
	pthread_mutex_lock(&f->lock);
	*width = f->width;
	*height = f->height;
	if (f->width) {
		size_t n = (size_t)f->width * f->height * sizeof *copy;
		copy = xmalloc(n);
		memcpy(copy, f->pixels, n);
	}
	pthread_mutex_unlock(&f->lock);
	return copy;
}

bool
screen_changes(const struct screen *f, uint64_t since, uint32_t *at, struct screen_rect *rect)
{
	uint32_t across = tiles(f->width), all = across * tiles(f->height);
	while (*at < all && f->tile[*at] <= since)
		++*at;
	if (*at >= all)
		return false;
	uint32_t first = *at % across, row = *at / across, n = 0;
	while (first + n < across && f->tile[*at] > since) {
		++*at;
		n++;
	}
	rect->x = first * SCREEN_TILE;
	rect->y = row * SCREEN_TILE;
	rect->width = n * SCREEN_TILE;
	rect->height = SCREEN_TILE;
	if (rect->width > f->width - rect->x)
		rect->width = f->width - rect->x;
	if (rect->height > f->height - rect->y)
		rect->height = f->height - rect->y;
	return true;
}
