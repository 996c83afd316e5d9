/* SPDX-License-Identifier: Apache-2.0 */
/* dnsapi.c -- DnsQuery: what servers of names answer, as records.
 *
 * A record is one block with its texts in it, so that a list is freed record by record.
 */
#include <ares.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cur.h"
#include "layer/api/dll/dll.h"
#include "layer/api/nt/socket/resolve.h"
#include "layer/api/nt/text/nls.h"

enum { T_A = 1, T_TXT = 16, T_HINFO = 13, T_X25 = 19, T_ISDN = 20, T_AAAA = 28, T_OPT = 41 };
enum {
	NO_HOSTS_FILE = 0x40,
	NO_WIRE_QUERY = 0x10,
	WIRE_ONLY = 0x100,
	TCP_ONLY = 2,
	NO_RECURSION = 4,
	TREAT_AS_FQDN = 0x1000
};
enum {
	CHARSET_WIDE = 1 << 3,
	CHARSET_UTF8 = 2 << 3,
	CHARSET_ANSI = 3 << 3,
	SECTION_ANSWER = 1,
	SECTION_ADDITIONAL = 3
};
enum {
	INFO_NO_RECORDS = 9501,
	BAD_PACKET = 9502,
	RECORD_DOES_NOT_EXIST = 9701,
	INVALID_NAME = 123
};

/* DNS_RECORD */
struct record {
	struct record *next;
	void *name;
	WORD type, size;
	DWORD flags, ttl, reserved;
	BYTE data[];
};

/* What is in a record, in the order of the wire, and where it belongs in the structure: names (n),
 * strings (s), 16 and 32 bits (w, d).  RFC 1035 3.3, 2782, 3403, 6672. */
static const struct layout {
	WORD type;
	BYTE size;
	char fields[28];
} layouts[] = {
	{ 2, 8, "n0" },                         /* NS */
	{ 5, 8, "n0" },                         /* CNAME */
	{ 6, 40, "n0 n8 d16 d20 d24 d28 d32" }, /* SOA */
	{ 12, 8, "n0" },                        /* PTR */
	{ 14, 16, "n0 n8" },                    /* MINFO */
	{ 15, 16, "w8 n0" },                    /* MX */
	{ 17, 16, "n0 n8" },                    /* RP */
	{ 18, 16, "w8 n0" },                    /* AFSDB */
	{ 21, 16, "w8 n0" },                    /* RT */
	{ 33, 16, "w8 w10 w12 n0" },            /* SRV */
	{ 35, 40, "w0 w2 s8 s16 s24 n32" },     /* NAPTR */
	{ 39, 8, "n0" },                        /* DNAME */
};

/* A record as it is read: a structure, and where in it which text belongs. */
struct reading {
	BYTE *data; /* own */
	size_t size;
	struct {
		char *text; /* own */
		size_t at;
	} * texts; /* own */
	size_t n, room;
};

static bool
keep_text(struct reading *r, size_t at, char *text)
{
	if (r->n == r->room) {
		size_t room = r->room ? r->room * 2 : 4;
		void *p = realloc(r->texts, room * sizeof *r->texts);
		if (!p) {
			free(text);
			return false;
		}
		r->texts = p;
		r->room = room;
	}
	r->texts[r->n].text = text;
	r->texts[r->n++].at = at;
	return text != NULL;
}

static void
forget(struct reading *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->texts[i].text);
	free(r->texts);
	free(r->data);
}

/* A name of a message, which may go on elsewhere in it: how long it is here, 0 when it is none. */
static size_t
name_at(const uint8_t *message, size_t n, size_t at, char **out)
{
	char *s;
	long length;
	if (at >= n || ares_expand_name(message + at, message, (int)n, &s, &length) != ARES_SUCCESS)
		return 0;
	*out = strdup(s);
	ares_free_string(s);
	return *out ? (size_t)length : 0;
}

static char *
string_of(struct cur *c)
{
	uint8_t length = cur_u8(c);
	const uint8_t *p = cur_bytes(c, length);
	char *s = p ? malloc((size_t)length + 1) : NULL;
	if (s) {
		memcpy(s, p, length);
		s[length] = 0;
	}
	return s;
}

static uint16_t
big16(struct cur *c)
{
	uint16_t high = cur_u8(c);
	return (uint16_t)(high << 8 | cur_u8(c));
}

static uint32_t
big32(struct cur *c)
{
	uint32_t high = big16(c);
	return high << 16 | big16(c);
}

/* The data of a record: length bytes at `at` of the message. */
static bool
read_fields(struct reading *r, const char *fields, const uint8_t *message, size_t n, size_t at,
            size_t length)
{
	struct cur c = cur_of(message + at, length);
	for (const char *f = fields; *f && !c.bad;) {
		char kind = *f++, *end, *text = NULL;
		size_t to = strtoul(f, &end, 10), k;
		f = *end == ' ' ? end + 1 : end;
		switch (kind) {
		case 'n':
			k = name_at(message, n, (size_t)(c.p - message), &text);
			if (!k || !keep_text(r, to, text))
				return false;
			cur_bytes(&c, k);
			break;
		case 's':
			if (!keep_text(r, to, string_of(&c)))
				return false;
			break;
		case 'w': memcpy(r->data + to, &(uint16_t){ big16(&c) }, 2); break;
		default: memcpy(r->data + to, &(uint32_t){ big32(&c) }, 4); break;
		}
	}
	return !c.bad;
}

/* A count, and a pointer for each string. */
static bool
read_strings(struct reading *r, const uint8_t *data, size_t length)
{
	struct cur c = cur_of(data, length);
	while (cur_left(&c) && !c.bad)
		if (!keep_text(r, 8 + r->n * sizeof(char *), string_of(&c)))
			return false;
	r->size = 8 + (r->n ? r->n : 1) * sizeof(char *);
	if (!(r->data = calloc(1, r->size)))
		return false;
	memcpy(r->data, &(uint32_t){ (uint32_t)r->n }, 4);
	return !c.bad;
}

static bool
read_data(struct reading *r, uint16_t type, const uint8_t *message, size_t n, size_t at,
          size_t length)
{
	if (type == T_TXT || type == T_HINFO || type == T_X25 || type == T_ISDN)
		return read_strings(r, message + at, length);
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		if (layouts[i].type != type)
			continue;
		r->size = layouts[i].size;
		return (r->data = calloc(1, r->size)) &&
		       read_fields(r, layouts[i].fields, message, n, at, length);
	}
	if ((type == T_A && length == 4) || (type == T_AAAA && length == 16)) {
		r->size = length;
		if ((r->data = malloc(length)))
			memcpy(r->data, message + at, length);
		return r->data != NULL;
	}
	/* any other: a count and the bytes as they are */
	r->size = 4 + (length ? length : 1);
	if (!(r->data = calloc(1, r->size)))
		return false;
	memcpy(r->data, &(uint32_t){ (uint32_t)length }, 4);
	memcpy(r->data + 4, message + at, length);
	return true;
}

static size_t
text_room(const char *s, bool wide)
{
	return wide ? (nls_16_of_8(s, strlen(s), NULL, 0, NULL) + 1) * sizeof(WCHAR)
	            : strlen(s) + 1;
}

static BYTE *
put_text(BYTE *to, const char *s, bool wide)
{
	size_t room = text_room(s, wide);
	if (wide)
		nls_16_of_8(s, strlen(s) + 1, (WCHAR *)(void *)to, room / sizeof(WCHAR), NULL);
	else
		memcpy(to, s, room);
	return to + ((room + 1) & ~(size_t)1);
}

static struct record *
make_record(const char *name, uint16_t type, DWORD flags, DWORD ttl, const struct reading *r)
{
	bool wide = (flags & CHARSET_ANSI) == CHARSET_WIDE;
	size_t data = (r->size + 7) & ~(size_t)7, size = sizeof(struct record) + data;
	size += text_room(name, wide) + 1;
	for (size_t i = 0; i < r->n; i++)
		size += text_room(r->texts[i].text, wide) + 1;
	struct record *out = calloc(1, size);
	if (!out)
		return NULL;
	*out = (struct record){ .type = type, .size = (WORD)r->size, .flags = flags, .ttl = ttl };
	memcpy(out->data, r->data, r->size);
	BYTE *text = out->data + data;
	out->name = text;
	text = put_text(text, name, wide);
	for (size_t i = 0; i < r->n; i++) {
		memcpy(out->data + r->texts[i].at, &text, sizeof text);
		text = put_text(text, r->texts[i].text, wide);
	}
	return out;
}

static void
free_records(struct record *r)
{
	while (r) {
		struct record *next = r->next;
		free(r);
		r = next;
	}
}

/* One of a message, and how far it goes; false: the message is broken. */
static bool
read_record(const uint8_t *message, size_t n, size_t *at, DWORD charset, unsigned section,
            struct record ***last)
{
	char *name = NULL;
	struct reading r = { 0 };
	size_t k = name_at(message, n, *at, &name);
	struct cur c = cur_of(message, n);
	cur_bytes(&c, *at + k);
	uint16_t type = big16(&c);
	big16(&c); /* its class */
	uint32_t ttl = big32(&c);
	uint16_t length = big16(&c);
	size_t data = (size_t)(c.p - message);
	cur_bytes(&c, length);
	bool ok = k && !c.bad;
	*at = (size_t)(c.p - message);
	if (ok && type != T_OPT && (section == SECTION_ANSWER || section == SECTION_ADDITIONAL)) {
		struct record *out = NULL;
		ok = read_data(&r, type, message, n, data, length) &&
		     (out = make_record(name, type, charset | section, ttl, &r));
		if (ok) {
			**last = out;
			*last = &out->next;
		}
	}
	forget(&r);
	free(name);
	return ok;
}

/* RFC 1035 4.1: a header, questions, and three sections of records. */
static DWORD
read_message(const uint8_t *message, size_t n, DWORD charset, struct record **out)
{
	struct cur c = cur_of(message, n);
	uint16_t count[4];
	struct record **last = out;
	cur_bytes(&c, 4);
	for (int i = 0; i < 4; i++)
		count[i] = big16(&c);
	size_t at = (size_t)(c.p - message);
	for (uint16_t i = 0; i < count[0] && !c.bad; i++) {
		char *name = NULL;
		size_t k = name_at(message, n, at, &name);
		free(name);
		if (!k)
			return BAD_PACKET;
		at += k + 4;
	}
	for (unsigned section = 1; section < 4 && !c.bad; section++)
		for (uint16_t i = 0; i < count[section]; i++)
			if (!read_record(message, n, &at, charset, section, &last))
				return BAD_PACKET;
	return c.bad ? BAD_PACKET : 0;
}

/* -- what needs no server ------------------------------------------------------------------------ */

static DWORD
from_addresses(const struct resolved *found, const char *name, uint16_t type, DWORD charset,
               struct record **out)
{
	enum { DAY = 86400 };
	struct record **last = out;
	for (size_t i = 0; i < found->n; i++) {
		struct reading r = { .data = (BYTE *)(uintptr_t)found->a[i].bytes,
			             .size = type == T_A ? 4 : 16 };
		struct record *x = make_record(name, type, charset | SECTION_ANSWER, DAY, &r);
		if (!x)
			return ERROR_NOT_ENOUGH_MEMORY;
		*last = x;
		last = &x->next;
	}
	return found->n ? 0 : INFO_NO_RECORDS;
}

static DWORD
error_of(enum resolve_reply r)
{
	static const WORD error[] = {
		[RESOLVE_OK] = 0,
		[RESOLVE_NO_RECORDS] = INFO_NO_RECORDS,
		[RESOLVE_NO_NAME] = 9003,  /* DNS_ERROR_RCODE_NAME_ERROR */
		[RESOLVE_FORMAT] = 9001,   /* DNS_ERROR_RCODE_FORMAT_ERROR */
		[RESOLVE_FAILURE] = 9002,  /* DNS_ERROR_RCODE_SERVER_FAILURE */
		[RESOLVE_NOT_DONE] = 9004, /* DNS_ERROR_RCODE_NOT_IMPLEMENTED */
		[RESOLVE_REFUSED] = 9005,  /* DNS_ERROR_RCODE_REFUSED */
		[RESOLVE_BAD_NAME] = INVALID_NAME,
		[RESOLVE_TIMEOUT] = 1460,  /* ERROR_TIMEOUT */
		[RESOLVE_NO_SERVER] = 9852 /* DNS_ERROR_NO_DNS_SERVERS */
	};
	return error[r];
}

/* IP4_ARRAY */
struct servers {
	DWORD count;
	uint32_t address[];
};

static DWORD
query(const char *name, WORD type, DWORD options, const struct servers *servers, DWORD charset,
      struct record **out)
{
	uint8_t *message;
	size_t n;
	struct record *found = NULL;
	if (!name || !*name || !out)
		return name && out ? INVALID_NAME : ERROR_INVALID_PARAMETER;
	*out = NULL;
	if ((type == T_A || type == T_AAAA) && !(options & (NO_HOSTS_FILE | WIRE_ONLY))) {
		struct resolved *r = malloc(sizeof *r);
		if (!r)
			return ERROR_NOT_ENOUGH_MEMORY;
		int e = resolve_local(name, type == T_A ? AF_INET : AF_INET6, r);
		DWORD s = e ? INFO_NO_RECORDS : from_addresses(r, name, type, charset, out);
		free(r);
		if (!e)
			return s;
	}
	if (options & NO_WIRE_QUERY)
		return RECORD_DOES_NOT_EXIST;
	struct resolve_question q = { .name = name,
		                      .type = type,
		                      .exact = options & TREAT_AS_FQDN,
		                      .tcp = options & TCP_ONLY,
		                      .no_recursion = options & NO_RECURSION,
		                      .servers = servers ? servers->address : NULL,
		                      .nservers = servers ? servers->count : 0 };
	DWORD e = error_of(resolve_query(&q, &message, &n));
	if (!e)
		e = read_message(message, n, charset, &found);
	free(message);
	if (!e && !found)
		e = INFO_NO_RECORDS;
	if (e) {
		free_records(found);
		return e;
	}
	*out = found;
	return 0;
}

WINAPI DWORD
dnsapi_DnsQuery_W(const WCHAR *name, WORD type, DWORD options, const struct servers *servers,
                  struct record **out, void **reserved)
{
	char *s = name ? nls_utf8(name) : NULL;
	(void)reserved;
	DWORD e = name && !s ? ERROR_NOT_ENOUGH_MEMORY
	                     : query(s, type, options, servers, CHARSET_WIDE, out);
	free(s);
	return e;
}

WINAPI DWORD
dnsapi_DnsQuery_UTF8(const char *name, WORD type, DWORD options, const struct servers *servers,
                     struct record **out, void **reserved)
{
	(void)reserved;
	return query(name, type, options, servers, CHARSET_UTF8, out);
}

/* The code page of A functions is UTF-8, too. */
WINAPI DWORD
dnsapi_DnsQuery_A(const char *name, WORD type, DWORD options, const struct servers *servers,
                  struct record **out, void **reserved)
{
	(void)reserved;
	return query(name, type, options, servers, CHARSET_ANSI, out);
}

WINAPI void
dnsapi_DnsFree(void *p, int type)
{
	enum { FLAT, LIST };
	if (type == LIST)
		free_records(p);
	else if (type == FLAT)
		free(p);
}

WINAPI void
dnsapi_DnsRecordListFree(struct record *list, int type)
{
	dnsapi_DnsFree(list, type);
}

/* Nothing is kept of what was answered. */
WINAPI BOOL
dnsapi_DnsFlushResolverCache(void)
{
	return TRUE;
}

/* Without case, and without the dot behind them. */
WINAPI BOOL
dnsapi_DnsNameCompare_W(const WCHAR *a, const WCHAR *b)
{
	if (!a || !b)
		return a == b;
	size_t n = nls_length(a), m = nls_length(b);
	n -= n > 1 && a[n - 1] == '.';
	m -= m > 1 && b[m - 1] == '.';
	return n == m && nls_compare_case(a, n, b, m) == 0;
}

WINAPI BOOL
dnsapi_DnsNameCompare_A(const char *a, const char *b)
{
	WCHAR *v = nls_wide_ansi(a), *w = nls_wide_ansi(b);
	BOOL same = dnsapi_DnsNameCompare_W(v, w);
	free(v);
	free(w);
	return same;
}
