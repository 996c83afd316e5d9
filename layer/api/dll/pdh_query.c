/* SPDX-License-Identifier: Apache-2.0 */
/* pdh_query.c -- queries: what they ask for, collected together.
 *
 * A counter with a wildcard has a value for each instance that there is when it is collected.
 * All queries are under one lock; a handle is looked for in their lists, so that one that was
 * closed is none.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/dll/pdh.h"
#include "layer/api/nt/clock.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/text/utf.h"

struct value {
	WCHAR name[80]; /* with #1, #2 ... where a name is there twice */
	struct pdh_raw now, old;
	bool has_old;
};

struct counter {
	struct counter *next;
	struct query *query; /* lent */
	enum pdh_counter what;
	struct pdh_path path;
	DWORD_PTR user;
	LONG scale;
	struct value *values; /* own */
	size_t n;
	bool collected;
};

struct query {
	struct query *next;
	struct counter *counters; /* own */
	DWORD_PTR user;
	/* PdhCollectQueryDataEx */
	HANDLE timer, event;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct query *all;

WINAPI BOOL kernel32_CreateTimerQueueTimer(HANDLE *out, HANDLE queue, void *f, void *context,
                                           DWORD due, DWORD period, ULONG flags);
WINAPI BOOL kernel32_DeleteTimerQueueTimer(HANDLE queue, HANDLE timer, HANDLE event);
WINAPI BOOL kernel32_SetEvent(HANDLE h);

static struct query *
find_query(const void *h)
{
	struct query *q = all;
	while (q && q != h)
		q = q->next;
	return q;
}

static struct counter *
find_counter(const void *h)
{
	for (struct query *q = all; q; q = q->next)
		for (struct counter *c = q->counters; c; c = c->next)
			if (c == h)
				return c;
	return NULL;
}

static void
free_counter(struct counter *c)
{
	free(c->values);
	free(c);
}

/* -- queries -------------------------------------------------------------------------------------- */

WINAPI pdh_status
pdh_PdhOpenQueryW(const WCHAR *source, DWORD_PTR user, HANDLE *out)
{
	if (!out)
		return PDH_INVALID_ARGUMENT;
	if (source) /* a log: none is ever written */
		return PDH_NOT_IMPLEMENTED;
	struct query *q = calloc(1, sizeof *q);
	if (!q)
		return PDH_MEMORY_ALLOCATION_FAILURE;
	q->user = user;
	pthread_mutex_lock(&lock);
	q->next = all;
	all = q;
	pthread_mutex_unlock(&lock);
	*out = q;
	return 0;
}

WINAPI pdh_status
pdh_PdhOpenQueryA(const char *source, DWORD_PTR user, HANDLE *out)
{
	return pdh_PdhOpenQueryW(source ? u"log" : NULL, user, out);
}

/* Its timer, taken from it: to be ended when nobody holds the lock. */
static HANDLE
take_timer(struct query *q)
{
	HANDLE t = q->timer;
	q->timer = NULL;
	return t;
}

static void
end_timer(HANDLE timer)
{
	if (timer)
		kernel32_DeleteTimerQueueTimer(NULL, timer, INVALID_HANDLE_VALUE);
}

WINAPI pdh_status
pdh_PdhCloseQuery(HANDLE h)
{
	pthread_mutex_lock(&lock);
	struct query **p = &all, *q;
	while ((q = *p) && q != h)
		p = &q->next;
	if (q)
		*p = q->next;
	pthread_mutex_unlock(&lock);
	if (!q)
		return PDH_INVALID_HANDLE;
	end_timer(take_timer(q));
	while (q->counters) {
		struct counter *c = q->counters;
		q->counters = c->next;
		free_counter(c);
	}
	free(q);
	return 0;
}

/* A log's: what is collected now has no range. */
WINAPI pdh_status
pdh_PdhSetQueryTimeRange(HANDLE h, const void *range)
{
	pthread_mutex_lock(&lock);
	bool is = find_query(h);
	pthread_mutex_unlock(&lock);
	return !is ? PDH_INVALID_HANDLE : !range ? PDH_INVALID_ARGUMENT : PDH_NOT_IMPLEMENTED;
}

/* -- counters --------------------------------------------------------------------------------------- */

static pdh_status
check(const struct pdh_path *p, enum pdh_counter *what)
{
	pdh_status s = pdh_path_machine(p);
	enum pdh_object o = s ? PDH_OBJECTS : pdh_find_object(p->object);
	if (s)
		return s;
	if (o == PDH_OBJECTS)
		return PDH_CSTATUS_NO_OBJECT;
	int i = 0;
	while (i < PDH_COUNTERS &&
	       (pdh_rows[i].object != o || utf_compare(pdh_rows[i].name, p->counter)))
		i++;
	if (i == PDH_COUNTERS)
		return PDH_CSTATUS_NO_COUNTER;
	bool single = o == PDH_SYSTEM || o == PDH_MEMORY;
	if (!single && !p->has_instance)
		return PDH_CSTATUS_NO_INSTANCE;
	*what = (enum pdh_counter)i;
	return 0;
}

WINAPI pdh_status
pdh_PdhAddCounterW(HANDLE query, const WCHAR *path, DWORD_PTR user, HANDLE *out)
{
	struct pdh_path p;
	enum pdh_counter what = 0;
	if (!path || !out)
		return PDH_INVALID_ARGUMENT;
	pdh_status s = pdh_path_parse(path, &p);
	if (!s)
		s = check(&p, &what);
	struct counter *c = s ? NULL : calloc(1, sizeof *c);
	if (!s && !c)
		s = PDH_MEMORY_ALLOCATION_FAILURE;
	if (s)
		return s;
	c->what = what;
	c->path = p;
	c->user = user;
	pthread_mutex_lock(&lock);
	struct query *q = find_query(query);
	if (q) {
		struct counter **end = &q->counters;
		while (*end)
			end = &(*end)->next;
		c->query = q;
		*end = c;
	}
	pthread_mutex_unlock(&lock);
	if (!q) {
		free_counter(c);
		return PDH_INVALID_HANDLE;
	}
	*out = c;
	return 0;
}

WINAPI pdh_status
pdh_PdhAddCounterA(HANDLE query, const char *path, DWORD_PTR user, HANDLE *out)
{
	if (!path)
		return PDH_INVALID_ARGUMENT;
	WCHAR *wide = nls_wide_ansi(path);
	pdh_status s =
	        wide ? pdh_PdhAddCounterW(query, wide, user, out) : PDH_MEMORY_ALLOCATION_FAILURE;
	free(wide);
	return s;
}

static pdh_status
validate(const WCHAR *path)
{
	struct pdh_path p;
	enum pdh_counter what;
	pdh_status s = pdh_path_parse(path, &p);
	return s ? s : check(&p, &what);
}

WINAPI pdh_status
pdh_PdhValidatePathW(const WCHAR *path)
{
	return path ? validate(path) : PDH_INVALID_ARGUMENT;
}

WINAPI pdh_status
pdh_PdhValidatePathA(const char *path)
{
	if (!path)
		return PDH_INVALID_ARGUMENT;
	WCHAR *wide = nls_wide_ansi(path);
	pdh_status s = wide ? validate(wide) : PDH_MEMORY_ALLOCATION_FAILURE;
	free(wide);
	return s;
}

WINAPI pdh_status
pdh_PdhRemoveCounter(HANDLE h)
{
	pthread_mutex_lock(&lock);
	struct counter *c = find_counter(h);
	if (c) {
		struct counter **p = &c->query->counters;
		while (*p != c)
			p = &(*p)->next;
		*p = c->next;
		free_counter(c);
	}
	pthread_mutex_unlock(&lock);
	return c ? 0 : PDH_INVALID_HANDLE;
}

enum { SCALE_LEAST = -7, SCALE_MOST = 7 };

WINAPI pdh_status
pdh_PdhSetCounterScaleFactor(HANDLE h, LONG factor)
{
	if (factor < SCALE_LEAST || factor > SCALE_MOST)
		return PDH_INVALID_ARGUMENT;
	pthread_mutex_lock(&lock);
	struct counter *c = find_counter(h);
	if (c)
		c->scale = factor;
	pthread_mutex_unlock(&lock);
	return c ? 0 : PDH_INVALID_HANDLE;
}

/* -- collecting ---------------------------------------------------------------------------------------- */

/* The name of instance i as it is told apart from those before it. */
static int
name_instance(const struct pdh_instance *list, size_t i, WCHAR out[80])
{
	int same = 0;
	size_t n = utf_length(list[i].name);
	for (size_t k = 0; k < i; k++)
		same += !utf_compare(list[k].name, list[i].name);
	memcpy(out, list[i].name, (n + 1) * sizeof *out);
	if (same) {
		WCHAR digits[12] = { 0 };
		size_t at = 11;
		for (int v = same; v; v /= 10)
			digits[--at] = (WCHAR)('0' + v % 10);
		out[n++] = '#';
		memcpy(out + n, digits + at, (12 - at) * sizeof *out);
	}
	return same;
}

static bool
is_wild(const WCHAR *s)
{
	for (; *s; s++)
		if (*s == '*' || *s == '?')
			return true;
	return false;
}

/* "0,_Total" is written as parent and instance by some; a path's instance names one or many. */
static bool
wanted(const struct pdh_path *p, const struct pdh_instance *list, size_t i, WCHAR name[80])
{
	int same = name_instance(list, i, name);
	if (!p->has_instance || !list[i].name[0])
		return !list[i].name[0];
	if (p->index > 0 ? same != p->index : same > 0 && !is_wild(p->instance))
		return false;
	return pdh_wild(p->instance, list[i].name) ||
	       (is_wild(p->instance) && pdh_wild(p->instance, name));
}

/* true: it has at least one value that is valid. */
static bool
collect(struct counter *c, const struct pdh_sample *s)
{
	struct pdh_instance *list;
	size_t n, count = 0;
	bool valid = false;
	if (!pdh_instances(pdh_rows[c->what].object, s, &list, &n))
		return false;
	struct value *values = calloc(n + 1, sizeof *values);
	for (size_t i = 0; values && i < n; i++) {
		struct value *v = &values[count];
		if (!wanted(&c->path, list, i, v->name))
			continue;
		count++;
		v->now.stamp = clock_filetime(s->now);
		v->now.multiple = 1;
		if (!pdh_value(c->what, &list[i], s, &v->now.first, &v->now.second))
			v->now.status = (DWORD)PDH_CSTATUS_NO_INSTANCE;
		valid |= !v->now.status;
		for (size_t k = 0; k < c->n; k++)
			if (!utf_compare(c->values[k].name, v->name) && !c->values[k].now.status) {
				v->old = c->values[k].now;
				v->has_old = true;
			}
	}
	free(list);
	if (!values)
		return false;
	if (!count && !is_wild(c->path.instance)) { /* it has gone, or not come yet */
		memcpy(values[0].name, c->path.instance, 79 * sizeof(WCHAR));
		values[0].now.status = (DWORD)PDH_CSTATUS_NO_INSTANCE;
		values[0].now.stamp = clock_filetime(s->now);
		count = 1;
	}
	free(c->values);
	c->values = values;
	c->n = count;
	c->collected = true;
	return valid;
}

static pdh_status
collect_all(struct query *q)
{
	struct pdh_sample s;
	bool any = false;
	if (!q->counters)
		return PDH_NO_DATA;
	bool fine = pdh_sample_take(&s);
	for (struct counter *c = q->counters; c && fine; c = c->next)
		any |= collect(c, &s);
	pdh_sample_free(&s);
	return !fine ? PDH_MEMORY_ALLOCATION_FAILURE : any ? 0 : PDH_NO_DATA;
}

WINAPI pdh_status
pdh_PdhCollectQueryData(HANDLE h)
{
	pthread_mutex_lock(&lock);
	struct query *q = find_query(h);
	pdh_status s = q ? collect_all(q) : PDH_INVALID_HANDLE;
	pthread_mutex_unlock(&lock);
	return s;
}

WINAPI pdh_status
pdh_PdhCollectQueryDataWithTime(HANDLE h, int64_t *time)
{
	pdh_status s = pdh_PdhCollectQueryData(h);
	if (!s && time) /* of the clock on the wall */
		*time = clock_now() - (int64_t)clock_bias(clock_now()) * 60 * 10000000;
	return s;
}

WINAPI static void
due(void *context, BOOLEAN fired)
{
	(void)fired;
	pthread_mutex_lock(&lock);
	struct query *q = find_query(context);
	HANDLE event = q ? q->event : NULL;
	if (q)
		(void)collect_all(q);
	pthread_mutex_unlock(&lock);
	if (event)
		kernel32_SetEvent(event);
}

WINAPI pdh_status
pdh_PdhCollectQueryDataEx(HANDLE h, DWORD seconds, HANDLE event)
{
	HANDLE timer = NULL, old = NULL;
	if (!seconds || seconds > UINT32_MAX / 1000 || !event)
		return PDH_INVALID_ARGUMENT;
	pdh_status s = pdh_PdhCollectQueryData(h);
	if (s == PDH_INVALID_HANDLE ||
	    !kernel32_CreateTimerQueueTimer(&timer, NULL, (void *)(uintptr_t)due, h, seconds * 1000,
	                                    seconds * 1000, 0))
		return s == PDH_INVALID_HANDLE ? s : PDH_MEMORY_ALLOCATION_FAILURE;
	pthread_mutex_lock(&lock);
	struct query *q = find_query(h);
	if (q) {
		old = take_timer(q);
		q->timer = timer;
		q->event = event;
	}
	pthread_mutex_unlock(&lock);
	end_timer(q ? old : timer);
	return q ? 0 : PDH_INVALID_HANDLE;
}

/* -- values ------------------------------------------------------------------------------------------------ */

static pdh_status
format_of(DWORD format)
{
	DWORD kind = format & (PDH_FMT_LONG | PDH_FMT_DOUBLE | PDH_FMT_LARGE);
	bool one = kind && !(kind & (kind - 1));
	return one && (format & (PDH_FMT_1000 | PDH_FMT_NOSCALE)) !=
	                               (PDH_FMT_1000 | PDH_FMT_NOSCALE)
	               ? 0
	               : PDH_INVALID_ARGUMENT;
}

WINAPI pdh_status
pdh_PdhGetFormattedCounterValue(HANDLE h, DWORD format, DWORD *type, struct pdh_formatted *out)
{
	if (!out || format_of(format))
		return PDH_INVALID_ARGUMENT;
	pthread_mutex_lock(&lock);
	struct counter *c = find_counter(h);
	pdh_status s = !c ? PDH_INVALID_HANDLE : !c->collected || !c->n ? PDH_INVALID_DATA : 0;
	if (c && type)
		*type = pdh_rows[c->what].type;
	if (!s)
		s = pdh_format(pdh_rows[c->what].type, c->scale, format, &c->values[0].now,
		               c->values[0].has_old ? &c->values[0].old : NULL, out);
	else if (s == PDH_INVALID_DATA)
		*out = (struct pdh_formatted){ .status = (DWORD)PDH_CSTATUS_INVALID_DATA };
	pthread_mutex_unlock(&lock);
	return s;
}

WINAPI pdh_status
pdh_PdhGetRawCounterValue(HANDLE h, DWORD *type, struct pdh_raw *out)
{
	if (!out)
		return PDH_INVALID_ARGUMENT;
	pthread_mutex_lock(&lock);
	struct counter *c = find_counter(h);
	if (c && type)
		*type = pdh_rows[c->what].type;
	if (c && c->n)
		*out = c->values[0].now;
	else if (c)
		*out = (struct pdh_raw){ .status = (DWORD)PDH_CSTATUS_INVALID_DATA };
	pthread_mutex_unlock(&lock);
	return c ? 0 : PDH_INVALID_HANDLE;
}

/* PDH_FMT_COUNTERVALUE_ITEM, PDH_RAW_COUNTER_ITEM: their names are behind them. */
struct formatted_item {
	void *name;
	struct pdh_formatted value;
};

struct raw_item {
	void *name;
	struct pdh_raw value;
};

/* The items of a counter; format 0: raw ones. */
static pdh_status
items(struct counter *c, DWORD format, bool wide, DWORD *size, DWORD *count, char *out)
{
	size_t one = format ? sizeof(struct formatted_item) : sizeof(struct raw_item);
	size_t need = c->n * one;
	if (!c->collected)
		return PDH_INVALID_DATA;
	for (size_t i = 0; i < c->n; i++)
		need += (utf_length(c->values[i].name) + 1) * (wide ? 2 : 3);
	bool fits = out && *size >= need;
	*size = (DWORD)need;
	*count = (DWORD)c->n;
	if (!fits)
		return PDH_MORE_DATA;
	char *text = out + c->n * one;
	for (size_t i = 0; i < c->n; i++) {
		const struct value *v = &c->values[i];
		size_t n = utf_length(v->name) + 1;
		if (format) {
			struct formatted_item *f = (struct formatted_item *)(void *)out + i;
			f->name = text;
			(void)pdh_format(pdh_rows[c->what].type, c->scale, format, &v->now,
			                 v->has_old ? &v->old : NULL, &f->value);
		} else {
			struct raw_item *r = (struct raw_item *)(void *)out + i;
			r->name = text;
			r->value = v->now;
		}
		if (wide)
			memcpy(text, v->name, n * 2);
		else
			nls_ansi_to(v->name, text, n * 3);
		text += n * (wide ? 2 : 3);
	}
	return 0;
}

static pdh_status
array(HANDLE h, DWORD format, bool wide, DWORD *size, DWORD *count, void *out)
{
	if (!size || !count || (*size && !out))
		return PDH_INVALID_ARGUMENT;
	pthread_mutex_lock(&lock);
	struct counter *c = find_counter(h);
	pdh_status s = c ? items(c, format, wide, size, count, out) : PDH_INVALID_HANDLE;
	pthread_mutex_unlock(&lock);
	return s;
}

WINAPI pdh_status
pdh_PdhGetFormattedCounterArrayW(HANDLE h, DWORD format, DWORD *size, DWORD *count, void *out)
{
	pdh_status s = format_of(format);
	return s ? s : array(h, format, true, size, count, out);
}

WINAPI pdh_status
pdh_PdhGetFormattedCounterArrayA(HANDLE h, DWORD format, DWORD *size, DWORD *count, void *out)
{
	pdh_status s = format_of(format);
	return s ? s : array(h, format, false, size, count, out);
}

WINAPI pdh_status
pdh_PdhGetRawCounterArrayW(HANDLE h, DWORD *size, DWORD *count, void *out)
{
	return array(h, 0, true, size, count, out);
}

WINAPI pdh_status
pdh_PdhGetRawCounterArrayA(HANDLE h, DWORD *size, DWORD *count, void *out)
{
	return array(h, 0, false, size, count, out);
}

WINAPI pdh_status
pdh_PdhCalculateCounterFromRawValue(HANDLE h, DWORD format, const struct pdh_raw *now,
                                    const struct pdh_raw *old, struct pdh_formatted *out)
{
	if (!now || !out || format_of(format))
		return PDH_INVALID_ARGUMENT;
	pthread_mutex_lock(&lock);
	struct counter *c = find_counter(h);
	pdh_status s = c ? pdh_format(pdh_rows[c->what].type, c->scale, format, now, old, out)
	                 : PDH_INVALID_HANDLE;
	pthread_mutex_unlock(&lock);
	return s;
}
