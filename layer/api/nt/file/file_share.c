/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which file open, and what he lets others do with it.  Learn: CreateFileW,
 * dwShareMode. */
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/file/file.h"

enum { BUCKETS = 256 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *table[BUCKETS];

static struct file **
bucket(dev_t dev, ino_t ino)
{
	return &table[(ino ^ ino >> 8 ^ dev) % BUCKETS];
}

/* The sharing that an access needs of others. */
static uint32_t
wants(ACCESS_MASK a)
{
	return (a & (FILE_READ_DATA | FILE_EXECUTE) ? FILE_SHARE_READ : 0) |
	       (a & (FILE_WRITE_DATA | FILE_APPEND_DATA) ? FILE_SHARE_WRITE : 0) |
	       (a & ACCESS_DELETE ? FILE_SHARE_DELETE : 0);
}

NTSTATUS
file_share_enter(struct file *f)
{
	struct file **b = bucket(f->dev, f->ino);
	uint32_t want = wants(f->access);
	NTSTATUS s = STATUS_SUCCESS;
	pthread_mutex_lock(&lock);
	for (struct file *g = *b; g && s >= 0; g = g->share_next) {
		if (g->ino != f->ino || g->dev != f->dev)
			continue;
		uint32_t has = wants(g->access);
		if (g->delete_on_close && !(g->options & FILE_DELETE_ON_CLOSE))
			s = STATUS_DELETE_PENDING;
		/* one who only looks at attributes is in nobody's way */
		else if (want && has && ((want & ~g->share) || (has & ~f->share)))
			s = STATUS_SHARING_VIOLATION;
	}
	if (s >= 0) {
		f->share_next = *b;
		*b = f;
		f->shared = true;
	}
	pthread_mutex_unlock(&lock);
	return s;
}

void
file_share_leave(struct file *f)
{
	if (!f->shared)
		return;
	pthread_mutex_lock(&lock);
	for (struct file **g = bucket(f->dev, f->ino); *g; g = &(*g)->share_next)
		if (*g == f) {
			*g = f->share_next;
			break;
		}
	f->shared = false;
	pthread_mutex_unlock(&lock);
}

NTSTATUS
file_share_delete(dev_t dev, ino_t ino, const struct file *except)
{
	NTSTATUS s = STATUS_SUCCESS;
	pthread_mutex_lock(&lock);
	for (struct file *g = *bucket(dev, ino); g && s >= 0; g = g->share_next)
		if (g->ino == ino && g->dev == dev && g != except && wants(g->access) &&
		    !(g->share & FILE_SHARE_DELETE))
			s = STATUS_SHARING_VIOLATION;
	pthread_mutex_unlock(&lock);
	return s;
}

void
file_share_moved(const char *from, const char *to)
{
	size_t n = strlen(from), m = strlen(to);
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct file *g = table[i]; g; g = g->share_next) {
			pthread_mutex_lock(&g->lock);
			if (g->path && !strncmp(g->path, from, n) &&
			    (!g->path[n] || g->path[n] == '/')) {
				size_t rest = strlen(g->path + n) + 1;
				char *p = malloc(m + rest);
				if (p) {
					memcpy(p, to, m);
					memcpy(p + m, g->path + n, rest);
					free(g->path);
					g->path = p;
				}
			}
			pthread_mutex_unlock(&g->lock);
		}
	pthread_mutex_unlock(&lock);
}
