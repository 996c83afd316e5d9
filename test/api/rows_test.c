/* SPDX-License-Identifier: Apache-2.0 */
/* Each row of the tables of words, asked for as a program's call would ask: what a row says is
 * what comes back, no row hides behind another, and what is not in the table is not found. */
#include "test/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "layer/api/nt/host.h"
#include "layer/api/nt/text/locale.h"
#include "layer/api/nt/text/message.h"
#include "layer/api/nt/text/nls.h"
#include "layer/api/nt/socket/resolve.h"
#include "layer/api/nt/socket/socket.h"
#include "layer/api/nt/status.h"

/* layer/api/nt/status.def: a status' error; a warning or an error is never success */
static void
statuses(void **state)
{
	static const struct {
		const char *name;
		uint32_t value, error;
	} rows[] = {
#define STATUS(name, value, error) { #name, value, error },
#include "layer/api/nt/status.def"
#undef STATUS
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (status_error((NTSTATUS)rows[i].value) != rows[i].error)
			fail_msg("%s", rows[i].name);
		if (rows[i].value >> 30 == 3 && !rows[i].error)
			fail_msg("%s is an error and becomes success", rows[i].name);
	}
	assert_int_equal(status_error((NTSTATUS)0xc0badbad), ERROR_MR_MID_NOT_FOUND);
	assert_int_equal(status_error((NTSTATUS)0x80070005), ERROR_ACCESS_DENIED);
}

/* layer/api/nt/text/message.def: numbers rise, texts are sentences without a line break of their own */
static void
messages(void **state)
{
	static const struct {
		DWORD number;
		const WCHAR *text;
	} rows[] = {
#define MESSAGE(number, text) { number, text },
#include "layer/api/nt/text/message.def"
#undef MESSAGE
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const WCHAR *text = message_system(rows[i].number);
		if (!text || !nls_equal(text, rows[i].text))
			fail_msg("message %u", rows[i].number);
		size_t n = nls_length(text);
		if (!n || text[n - 1] == '\n' || text[n - 1] == ' ')
			fail_msg("message %u ends badly", rows[i].number);
	}
	assert_null(message_system(0x0fffffff));
}

/* layer/api/nt/text/locale.def: there and back */
static void
locales(void **state)
{
	static const struct {
		LCID id;
		const WCHAR *name;
	} rows[] = {
#define LOCALE(id, name) { id, name },
#include "layer/api/nt/text/locale.def"
#undef LOCALE
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const WCHAR *name = locale_name(rows[i].id);
		if (!name || !nls_equal(name, rows[i].name) ||
		    locale_id(rows[i].name) != rows[i].id)
			fail_msg("locale %04x", rows[i].id);
	}
	assert_int_equal(locale_id(u"xx-YY"), 0);
	assert_null(locale_name(0xfffe));
}

/* layer/api/nt/text/locale_info.def */
static void
locale_infos(void **state)
{
	static const struct {
		DWORD type;
		const WCHAR *text;
		DWORD number;
		const WCHAR *invariant;
	} rows[] = {
#define INFO(type, text, number, invariant) { type, text, number, invariant },
#include "layer/api/nt/text/locale_info.def"
#undef INFO
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		DWORD n = 1234567;
		const WCHAR *us = locale_text(LOCALE_US, rows[i].type, &n), *other;
		if (!us || !nls_equal(us, rows[i].text) || n != rows[i].number)
			fail_msg("LCTYPE %04x", rows[i].type);
		other = locale_text(LOCALE_INVARIANT, rows[i].type, &n);
		if (!other || !nls_equal(other, rows[i].invariant ? rows[i].invariant : us))
			fail_msg("LCTYPE %04x of the invariant locale", rows[i].type);
	}
	DWORD n;
	assert_null(locale_text(LOCALE_US, 0xffff, &n));
}

/* layer/api/nt/zone.def */
static void
zones(void **state)
{
	static const char *const rows[][2] = {
#define ZONE(place, name) { place, name },
#include "layer/api/nt/zone.def"
#undef ZONE
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *name = zone_windows(rows[i][0]);
		if (!name || strcmp(name, rows[i][1]))
			fail_msg("%s", rows[i][0]);
	}
	assert_null(zone_windows("Moon/Tranquility"));
}

/* layer/api/nt/socket/service.def: by name and by number, for each of its protocols and no other */
static void
services(void **state)
{
	static const struct {
		const char *name;
		uint16_t port;
		const char *protocols;
	} rows[] = {
#define SERVICE(name, port, protocols) { name, port, protocols },
#include "layer/api/nt/socket/service.def"
#undef SERVICE
	};
	static const char *const all[] = { "tcp", "udp" };
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t k = 0; k < 2; k++) {
			bool has = strstr(rows[i].protocols, all[k]);
			uint16_t port = 0;
			const char *spelled, *back = resolve_port(rows[i].port, all[k]);
			int e = resolve_service(rows[i].name, all[k], &port, &spelled);
			if (has != !e || (has && (port != rows[i].port || !back)))
				fail_msg("%s/%s", rows[i].name, all[k]);
		}
}

/* layer/api/nt/socket/socket_error.def: the first row of an errno is what it becomes */
static void
socket_errors(void **state)
{
	static const struct {
		int host, winsock;
	} rows[] = {
#define ERROR(host, winsock, status) { host, winsock },
#include "layer/api/nt/socket/socket_error.def"
#undef ERROR
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t first = 0;
		while (rows[first].host != rows[i].host)
			first++;
		if (socket_error(rows[i].host) != rows[first].winsock)
			fail_msg("%s", strerror(rows[i].host));
	}
	assert_int_equal(socket_error(ENOTTY), 10107);
	assert_int_equal(socket_error_of(STATUS_SUCCESS), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses),      cmocka_unit_test(messages),
		cmocka_unit_test(locales),       cmocka_unit_test(locale_infos),
		cmocka_unit_test(zones),         cmocka_unit_test(services),
		cmocka_unit_test(socket_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
