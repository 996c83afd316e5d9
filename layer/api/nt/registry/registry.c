/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/registry/registry.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "layer/api/nt/clock.h"
#include "layer/api/nt/object/bell.h"
#include "layer/api/nt/object/shared.h"
#include "layer/api/nt/process/process.h"
#include "layer/api/nt/guid.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/registry/registry_tree.h"
#include "layer/api/nt/sid.h"

struct value {
	WCHAR *name; /* own */
	size_t length;
	DWORD type, size;
	BYTE *data; /* own */
};

struct watch {
	struct object *event; /* own: a count */
	bool below;
	struct watch *next;
};

struct registry_node {
	WCHAR *name; /* own; NULL: the root */
	size_t length;
	struct registry_node *parent; /* lent, and counted by refs while it lives */
	struct registry_node **child; /* own, sorted by name */
	size_t children, room;
	struct value *value; /* own, in the order in which they came */
	size_t values, value_room;
	int64_t when;
	uint32_t refs; /* handles, children, and 1 while it is in the tree */
	bool deleted, transient;
	struct watch *watches;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct registry_node *root;
static struct registry_node *places[6];

static void
drop_watches(struct registry_node *n, bool signal)
{
	while (n->watches) {
		struct watch *w = n->watches;
		n->watches = w->next;
		if (signal)
			object_signal(w->event);
		object_unref(w->event);
		free(w);
	}
}

static void
forget_values(struct registry_node *n)
{
	for (size_t i = 0; i < n->values; i++) {
		free(n->value[i].name);
		free(n->value[i].data);
	}
	free(n->value);
	n->value = NULL;
	n->values = n->value_room = 0;
}

static void
put_back(struct registry_node *n)
{
	while (n && --n->refs == 0) {
		struct registry_node *parent = n->parent;
		forget_values(n);
		drop_watches(n, false);
		free(n->child);
		free(n->name);
		free(n);
		n = parent;
	}
}

/* Where a name is among the children, or belongs. */
static size_t
child_place(const struct registry_node *n, const WCHAR *name, size_t length, bool *there)
{
	size_t low = 0, high = n->children;
	*there = false;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = nls_compare_case(n->child[mid]->name, n->child[mid]->length, name, length);
		if (c == 0) {
			*there = true;
			return mid;
		}
		if (c < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct registry_node *
make_child(struct registry_node *n, size_t at, const WCHAR *name, size_t length)
{
	struct registry_node *c = calloc(1, sizeof *c);
	if (n->children == n->room) {
		size_t room = n->room ? n->room * 2 : 4;
		struct registry_node **p = realloc(n->child, room * sizeof(struct registry_node *));
		if (p) {
			n->child = p;
			n->room = room;
		}
	}
	if (!c || n->children == n->room || !(c->name = malloc((length + 1) * sizeof(WCHAR)))) {
		free(c);
		return NULL;
	}
	memcpy(c->name, name, length * sizeof(WCHAR));
	c->name[length] = 0;
	c->length = length;
	c->parent = n;
	c->refs = 1;
	c->when = clock_now();
	memmove(n->child + at + 1, n->child + at,
	        (n->children - at) * sizeof(struct registry_node *));
	n->child[at] = c;
	n->children++;
	n->refs++;
	return c;
}

/* Follow a path, making what is missing when `make`; *made says that the last one is new. */
static struct registry_node *
walk(struct registry_node *n, const WCHAR *path, size_t length, bool make, bool *made)
{
	if (made)
		*made = false;
	for (size_t i = 0; n && i < length;) {
		size_t end = i;
		bool there;
		while (end < length && path[end] != '\\')
			end++;
		if (end > i) {
			size_t at = child_place(n, path + i, end - i, &there);
			if (there)
				n = n->child[at];
			else
				n = make && end - i <= 255 ? make_child(n, at, path + i, end - i)
				                           : NULL;
			if (made)
				*made = n && !there;
		}
		i = end + 1;
	}
	return n;
}

static struct value *
find_value(const struct registry_node *n, const WCHAR *name, size_t length)
{
	for (size_t i = 0; i < n->values; i++)
		if (n->value[i].length == length &&
		    nls_compare_case(n->value[i].name, length, name, length) == 0)
			return &n->value[i];
	return NULL;
}

static bool
put_value(struct registry_node *n, const WCHAR *name, size_t length, DWORD type, const void *data,
          DWORD size)
{
	struct value *v = find_value(n, name, length);
	if (!v) {
		if (n->values == n->value_room) {
			size_t room = n->value_room ? n->value_room * 2 : 4;
			struct value *p = realloc(n->value, room * sizeof *p);
			if (!p)
				return false;
			n->value = p;
			n->value_room = room;
		}
		v = &n->value[n->values];
		*v = (struct value){ .name = malloc((length + 1) * sizeof(WCHAR)),
			             .length = length };
		if (!v->name)
			return false;
		memcpy(v->name, name, length * sizeof(WCHAR));
		v->name[length] = 0;
		n->values++;
	}
	if (v->size != size || !v->data) {
		BYTE *p = malloc(size ? size : 1);
		if (!p)
			return false;
		free(v->data);
		v->data = p;
		v->size = size;
	}
	if (size)
		memcpy(v->data, data, size);
	v->type = type;
	return true;
}

static void
remove_value(struct registry_node *n, struct value *v)
{
	free(v->name);
	free(v->data);
	n->values--;
	memmove(v, v + 1, (size_t)(n->value + n->values - v) * sizeof *v);
}

static void
take_out(struct registry_node *n)
{
	bool there;
	struct registry_node *p = n->parent;
	while (n->children)
		take_out(n->child[n->children - 1]);
	size_t at = child_place(p, n->name, n->length, &there);
	if (there && p->child[at] == n) {
		p->children--;
		memmove(p->child + at, p->child + at + 1,
		        (p->children - at) * sizeof(struct registry_node *));
	}
	n->deleted = true;
	forget_values(n);
	drop_watches(n, true);
	put_back(n);
}

/* Who watches it or, with all below, one of those above it. */
static void
changed(struct registry_node *n, int64_t when)
{
	n->when = when;
	drop_watches(n, true);
	for (struct registry_node *p = n->parent; p; p = p->parent) {
		struct watch **w = &p->watches;
		while (*w) {
			struct watch *x = *w;
			if (!x->below) {
				w = &x->next;
				continue;
			}
			*w = x->next;
			object_signal(x->event);
			object_unref(x->event);
			free(x);
		}
	}
}

/* -- what the log says ------------------------------------------------------------- */

static void
apply(const struct registry_record *r)
{
	bool fresh;
	struct registry_node *n = walk(root, r->path, r->path_length,
	                               r->op == REGISTRY_SET || r->op == REGISTRY_MAKE, &fresh);
	struct value *v;
	if (!n || n == root)
		return;
	switch (r->op) {
	case REGISTRY_SET: put_value(n, r->name, r->name_length, r->type, r->data, r->size); break;
	case REGISTRY_UNSET:
		if ((v = find_value(n, r->name, r->name_length)))
			remove_value(n, v);
		break;
	case REGISTRY_DELETE:
		if (n->parent && n->parent != root) {
			struct registry_node *p = n->parent;
			take_out(n);
			changed(p, r->when);
		}
		return;
	case REGISTRY_MAKE:
		if (!fresh)
			return;
		n->transient = r->run;
		n = n->parent;
		break;
	}
	changed(n, r->when);
}

static bool
first(const char *s, const char *prefix, const char **rest)
{
	size_t n = strlen(prefix);
	if (strncmp(s, prefix, n))
		return false;
	*rest = s + n;
	return true;
}

static struct registry_node *
absolute(const char *path, bool make)
{
	WCHAR user[128];
	struct registry_node *n = root;
	const char *rest = path;
	if (first(path, "HKLM\\", &rest)) {
		n = walk(root, u"MACHINE", 7, true, NULL);
	} else if (first(path, "HKU\\", &rest)) {
		n = walk(root, u"USER", 4, true, NULL);
	} else if (first(path, "HKCU\\", &rest)) {
		size_t k = sid_user_text(user, 128);
		n = walk(root, u"USER", 4, true, NULL);
		n = n ? walk(n, user, k, true, NULL) : NULL;
	}
	WCHAR *w = nls_wide(rest);
	n = n && w ? walk(n, w, nls_length(w), make, NULL) : NULL;
	free(w);
	return n;
}

void
registry_tree_data(const char *path, const char *name, DWORD type, const void *data, DWORD size)
{
	struct registry_node *n = absolute(path, true);
	WCHAR *w = name ? nls_wide(name) : NULL;
	if (n && w)
		put_value(n, w, nls_length(w), type, data, size);
	free(w);
}

void
registry_tree_text(const char *path, const char *name, DWORD type, const char *text)
{
	WCHAR *w = nls_wide(text);
	if (w)
		registry_tree_data(path, name, type, w, (DWORD)(nls_length(w) + 1) * 2);
	free(w);
}

void
registry_tree_number(const char *path, const char *name, DWORD number)
{
	registry_tree_data(path, name, REG_DWORD, &number, 4);
}

static NTSTATUS add_record(enum registry_op op, struct registry_node *n, const WCHAR *name,
                           size_t length, DWORD type, const void *data, DWORD size);

/* The machine's own number, made when it is first looked for. */
static void
machine_guid(void)
{
	static const WCHAR name[] = u"MachineGuid";
	struct registry_node *n = absolute("HKLM\\SOFTWARE\\Microsoft\\Cryptography", true);
	struct GUID g;
	WCHAR text[39], plain[37];
	if (!n || find_value(n, name, 11))
		return;
	guid_new(&g);
	guid_text(&g, text);
	for (int i = 0; i < 36; i++)
		plain[i] = nls_low(text[i + 1]);
	plain[36] = 0;
	if (add_record(REGISTRY_SET, n, name, 11, REG_SZ, plain, sizeof plain) == 0)
		put_value(n, name, 11, REG_SZ, plain, sizeof plain);
}

static void
restart(void)
{
	/* the log was written anew by another process: what it says is what we know, so only
	 * what it says is applied again */
}

static void
load(void)
{
	if (!root) {
		WCHAR user[128];
		struct registry_node *users;
		root = calloc(1, sizeof *root);
		if (!root)
			return;
		root->refs = 1;
		registry_tree_begin();
		places[REGISTRY_MACHINE] = walk(root, u"MACHINE", 7, true, NULL);
		places[REGISTRY_USERS] = users = walk(root, u"USER", 4, true, NULL);
		places[REGISTRY_USER] =
		        users ? walk(users, user, sid_user_text(user, 128), true, NULL) : NULL;
		places[REGISTRY_CLASSES] = absolute("HKLM\\SOFTWARE\\Classes", true);
		places[REGISTRY_CONFIG] = absolute(
		        "HKLM\\SYSTEM\\CurrentControlSet\\Hardware Profiles\\Current", true);
		registry_log_read(apply, restart);
		machine_guid();
		return;
	}
	registry_log_read(apply, restart);
}

static void
enter(void)
{
	pthread_mutex_lock(&lock);
	load();
}

static void leave(void) { pthread_mutex_unlock(&lock); }

/* Of a node, from the root, ended by a zero; 0: too long. */
static size_t
path_of(const struct registry_node *n, WCHAR *out, size_t room)
{
	size_t at = room;
	out[--at] = 0;
	for (; n && n->name; n = n->parent) {
		if (n->length + 1 > at)
			return 0;
		at -= n->length;
		memcpy(out + at, n->name, n->length * sizeof *out);
		if (n->parent && n->parent->name)
			out[--at] = '\\';
	}
	memmove(out, out + at, (room - at) * sizeof *out);
	return room - at - 1;
}

static NTSTATUS
add_record(enum registry_op op, struct registry_node *n, const WCHAR *name, size_t length,
           DWORD type, const void *data, DWORD size)
{
	static WCHAR path[8192]; /* under the lock */
	struct registry_record r = { .op = op,
		                     .path = path,
		                     .name = name,
		                     .name_length = length,
		                     .type = type,
		                     .data = data,
		                     .size = size,
		                     .when = clock_now() };
	for (const struct registry_node *p = n; p; p = p->parent)
		if (p->transient)
			r.run = shared_run();
	r.path_length = path_of(n, path, sizeof path / sizeof *path);
	if (!r.path_length)
		return STATUS_NAME_TOO_LONG;
	NTSTATUS s = registry_log_add(&r);
	if (s >= 0 && shared)
		shared_ring_watchers();
	return s;
}

/* -- what is called --------------------------------------------------------------------- */

static void
destroy(struct object *o)
{
	registry_release(((struct registry_key *)o)->node);
	free(o);
}

/* Another process finds it by its path. */
static bool
give(struct object *o, struct inherit *i)
{
	enum { ROOM = 8192 };
	struct registry_node *n = ((struct registry_key *)o)->node;
	size_t length = 0;

	i->text = calloc(ROOM, sizeof *i->text);
	enter();
	if (i->text && !n->deleted)
		length = path_of(n, i->text, ROOM);
	leave();
	return length;
}

static struct object *
remake(const struct inherit *i)
{
	struct registry_key *k;
	bool made;

	enter();
	leave();
	if (!root || !i->text ||
	    registry_open_key(root, i->text, nls_length(i->text), false, 0, &k, &made) < 0)
		return NULL;
	return &k->object;
}

const struct object_class registry_class = {
	.name = "Key", .destroy = destroy, .give = give, .remake = remake
};

void
registry_hold(struct registry_node *n)
{
	pthread_mutex_lock(&lock);
	n->refs++;
	pthread_mutex_unlock(&lock);
}

void
registry_release(struct registry_node *n)
{
	pthread_mutex_lock(&lock);
	put_back(n);
	pthread_mutex_unlock(&lock);
}

NTSTATUS
registry_root(enum registry_root r, struct registry_node **out)
{
	enter();
	*out = r <= REGISTRY_CONFIG ? places[r] : NULL;
	leave();
	return *out ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

NTSTATUS
registry_open_key(struct registry_node *from, const WCHAR *path, size_t length, bool make,
                  DWORD options, struct registry_key **out, bool *made)
{
	NTSTATUS s = STATUS_SUCCESS;
	bool fresh = false;
	struct registry_key *k;
	enter();
	if (!from)
		from = root;
	struct registry_node *n = from->deleted ? NULL : walk(from, path, length, false, NULL);
	if (from->deleted) {
		s = STATUS_KEY_DELETED;
	} else if (!n && !make) {
		s = STATUS_OBJECT_NAME_NOT_FOUND;
	} else if (!n && !(n = walk(from, path, length, true, &fresh))) {
		s = STATUS_OBJECT_NAME_INVALID;
	} else if (fresh) {
		n->transient = options & REGISTRY_VOLATILE;
		s = add_record(REGISTRY_MAKE, n, NULL, 0, 0, NULL, 0);
		if (n->parent)
			changed(n->parent, n->when);
	}
	if (s >= 0) {
		if ((k = calloc(1, sizeof *k))) {
			object_init(&k->object, &registry_class, 0);
			k->node = n;
			n->refs++;
			*out = k;
		} else {
			s = STATUS_NO_MEMORY;
		}
	}
	leave();
	if (made)
		*made = fresh;
	return s;
}

NTSTATUS
registry_get(struct registry_node *n, const WCHAR *name, DWORD *type, void *data, DWORD *size)
{
	NTSTATUS s = STATUS_SUCCESS;
	enter();
	struct value *v =
	        n->deleted ? NULL : find_value(n, name ? name : u"", name ? nls_length(name) : 0);
	if (!v) {
		s = n->deleted ? STATUS_KEY_DELETED : STATUS_OBJECT_NAME_NOT_FOUND;
	} else {
		if (type)
			*type = v->type;
		if (data && size && *size >= v->size)
			memcpy(data, v->data, v->size);
		else if (data && size)
			s = STATUS_BUFFER_OVERFLOW;
		if (size)
			*size = v->size;
	}
	leave();
	return s;
}

NTSTATUS
registry_set(struct registry_node *n, const WCHAR *name, DWORD type, const void *data, DWORD size)
{
	NTSTATUS s = STATUS_KEY_DELETED;
	size_t length = name ? nls_length(name) : 0;
	if (length > 16383)
		return STATUS_INVALID_PARAMETER;
	enter();
	if (!n->deleted) {
		s = add_record(REGISTRY_SET, n, name, length, type, data, size);
		if (s >= 0 && !put_value(n, name ? name : u"", length, type, data, size))
			s = STATUS_NO_MEMORY;
		if (s >= 0)
			changed(n, clock_now());
	}
	leave();
	return s;
}

NTSTATUS
registry_unset(struct registry_node *n, const WCHAR *name)
{
	NTSTATUS s;
	size_t length = name ? nls_length(name) : 0;
	enter();
	struct value *v = n->deleted ? NULL : find_value(n, name ? name : u"", length);
	if (!v) {
		s = n->deleted ? STATUS_KEY_DELETED : STATUS_OBJECT_NAME_NOT_FOUND;
	} else if ((s = add_record(REGISTRY_UNSET, n, name, length, 0, NULL, 0)) >= 0) {
		remove_value(n, v);
		changed(n, clock_now());
	}
	leave();
	return s;
}

static NTSTATUS
delete_all(struct registry_node *n)
{
	NTSTATUS s = STATUS_SUCCESS;
	while (s >= 0 && n->children)
		s = delete_all(n->child[n->children - 1]);
	if (s >= 0)
		s = add_record(REGISTRY_DELETE, n, NULL, 0, 0, NULL, 0);
	if (s >= 0)
		take_out(n);
	return s;
}

NTSTATUS
registry_delete(struct registry_node *n, bool tree)
{
	NTSTATUS s;
	enter();
	struct registry_node *p = n->parent;
	if (n->deleted)
		s = STATUS_KEY_DELETED;
	else if (!p || p == root || n == places[REGISTRY_USER])
		s = STATUS_ACCESS_DENIED;
	else if (n->children && !tree)
		s = STATUS_CANNOT_DELETE;
	else if ((s = delete_all(n)) >= 0)
		changed(p, clock_now());
	leave();
	return s;
}

/* A key and all below it, as it is called now. */
static NTSTATUS
write_all(struct registry_node *n)
{
	NTSTATUS s = add_record(REGISTRY_MAKE, n, NULL, 0, 0, NULL, 0);
	for (size_t i = 0; s >= 0 && i < n->values; i++) {
		const struct value *v = &n->value[i];
		s = add_record(REGISTRY_SET, n, v->name, v->length, v->type, v->data, v->size);
	}
	for (size_t i = 0; s >= 0 && i < n->children; i++)
		s = write_all(n->child[i]);
	return s;
}

static void
swap_name(struct registry_node *n, WCHAR **name, size_t *length)
{
	WCHAR *w = n->name;
	size_t k = n->length;
	n->name = *name, n->length = *length;
	*name = w, *length = k;
}

/* Takes the new name over.  In the log it is a new key and then the end of the old one, so that whoever reads half of it
 * has all that there was.  Here it stays the same node, and its handles stay good. */
static NTSTATUS
rename_node(struct registry_node *n, WCHAR *name, size_t length)
{
	struct registry_node *p = n->parent;
	bool there;
	child_place(p, name, length, &there);
	bool same = nls_compare_case(n->name, n->length, name, length) == 0;
	if (there && !same) {
		free(name);
		return STATUS_OBJECT_NAME_COLLISION;
	}
	size_t old = child_place(p, n->name, n->length, &there);
	WCHAR *other = name;
	size_t other_length = length;
	swap_name(n, &other, &other_length);
	NTSTATUS s = same ? STATUS_SUCCESS : write_all(n);
	if (s >= 0 && !same) {
		swap_name(n, &other, &other_length);
		s = add_record(REGISTRY_DELETE, n, NULL, 0, 0, NULL, 0);
		swap_name(n, &other, &other_length);
	}
	if (s < 0) {
		swap_name(n, &other, &other_length);
		free(other);
		return s;
	}
	free(other);
	p->children--;
	memmove(p->child + old, p->child + old + 1,
	        (p->children - old) * sizeof(struct registry_node *));
	size_t at = child_place(p, n->name, n->length, &there);
	memmove(p->child + at + 1, p->child + at,
	        (p->children - at) * sizeof(struct registry_node *));
	p->child[at] = n;
	p->children++;
	changed(p, clock_now());
	return STATUS_SUCCESS;
}

NTSTATUS
registry_rename(struct registry_node *n, const WCHAR *name, size_t length)
{
	NTSTATUS s;
	if (!length || length > 255)
		return STATUS_OBJECT_NAME_INVALID;
	for (size_t i = 0; i < length; i++)
		if (name[i] == '\\' || !name[i])
			return STATUS_OBJECT_NAME_INVALID;
	WCHAR *copy = malloc((length + 1) * sizeof *copy);
	if (!copy)
		return STATUS_NO_MEMORY;
	memcpy(copy, name, length * sizeof *copy);
	copy[length] = 0;
	enter();
	bool fixed = !n->parent || n->parent == root || n == places[REGISTRY_USER];
	if (n->deleted || fixed) {
		s = n->deleted ? STATUS_KEY_DELETED : STATUS_ACCESS_DENIED;
		free(copy);
	} else {
		s = rename_node(n, copy, length);
	}
	leave();
	return s;
}

NTSTATUS
registry_key_at(struct registry_node *n, DWORD i, WCHAR name[256], int64_t *when)
{
	NTSTATUS s = n->deleted ? STATUS_KEY_DELETED : STATUS_NO_MORE_ENTRIES;
	enter();
	if (!n->deleted && i < n->children) {
		const struct registry_node *c = n->child[i];
		memcpy(name, c->name, (c->length + 1) * sizeof *name);
		*when = c->when;
		s = STATUS_SUCCESS;
	}
	leave();
	return s;
}

NTSTATUS
registry_value_at(struct registry_node *n, DWORD i, WCHAR *name, DWORD *length, DWORD *type,
                  void *data, DWORD *size)
{
	NTSTATUS s = n->deleted ? STATUS_KEY_DELETED : STATUS_NO_MORE_ENTRIES;
	enter();
	if (!n->deleted && i < n->values) {
		const struct value *v = &n->value[i];
		s = STATUS_SUCCESS;
		if (*length <= v->length) {
			s = STATUS_BUFFER_OVERFLOW;
		} else {
			memcpy(name, v->name, (v->length + 1) * sizeof *name);
			*length = (DWORD)v->length;
		}
		if (type)
			*type = v->type;
		if (data && size && s >= 0) {
			if (*size < v->size)
				s = STATUS_BUFFER_OVERFLOW;
			else
				memcpy(data, v->data, v->size);
		}
		if (size)
			*size = v->size;
	}
	leave();
	return s;
}

NTSTATUS
registry_info(struct registry_node *n, struct registry_info *out)
{
	enter();
	*out = (struct registry_info){ .keys = (DWORD)n->children,
		                       .values = (DWORD)n->values,
		                       .when = n->when };
	for (size_t i = 0; i < n->children; i++)
		if (n->child[i]->length > out->longest_key)
			out->longest_key = (DWORD)n->child[i]->length;
	for (size_t i = 0; i < n->values; i++) {
		if (n->value[i].length > out->longest_name)
			out->longest_name = (DWORD)n->value[i].length;
		if (n->value[i].size > out->longest_value)
			out->longest_value = n->value[i].size;
	}
	NTSTATUS s = n->deleted ? STATUS_KEY_DELETED : STATUS_SUCCESS;
	leave();
	return s;
}

WCHAR *
registry_key_path(struct registry_node *n)
{
	static const WCHAR head[] = u"\\REGISTRY\\";
	size_t room = 8192;
	WCHAR *p = malloc((room + 10) * sizeof *p);
	if (!p)
		return NULL;
	enter();
	memcpy(p, head, 20);
	path_of(n, p + 10, room);
	leave();
	return p;
}

/* Another process has changed something. */
static void
heard(void)
{
	enter();
	leave();
}

NTSTATUS
registry_watch(struct registry_node *n, bool below, struct object *event)
{
	struct watch *w = malloc(sizeof *w);
	if (!w) {
		object_unref(event);
		return STATUS_NO_MEMORY;
	}
	/* without it there are only our own changes */
	if (process_share(NULL) >= 0 && bell_answer(heard))
		atomic_store(&shared_self()->watches, 1);
	enter();
	*w = (struct watch){ event, below, n->watches };
	n->watches = w;
	leave();
	return STATUS_SUCCESS;
}
