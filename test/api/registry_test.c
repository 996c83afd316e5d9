/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/registry/registry.h"
#include "test/unit.h"

static struct registry_record last;
static unsigned records;

static void
note(const struct registry_record *r)
{
	last = *r;
	records++;
}

static void again(void) { records = 0; }

static void
add(const WCHAR *path, const WCHAR *name, uint32_t v)
{
	struct registry_record r = { .op = REGISTRY_SET,
		                     .path = path,
		                     .path_length = 3,
		                     .name = name,
		                     .name_length = 1,
		                     .type = REG_DWORD,
		                     .data = (const BYTE *)&v,
		                     .size = 4 };
	assert_int_equal(registry_log_add(&r), STATUS_SUCCESS);
}

/* Records of another process are seen; what is broken ends the reading and harms nobody. */
static void
records_of_a_log(void **state)
{
	char dir[] = "/tmp/joist-registry-XXXXXX", path[64];
	struct stat st;
	(void)state;
	assert_non_null(mkdtemp(dir));
	birth.store = dir;
	registry_log_read(note, again);
	assert_int_equal(records, 0);
	add(u"A\\B", u"x", 1);
	add(u"A\\B", u"x", 2);
	snprintf(path, sizeof path, "%s/registry", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 64 + 2 * 56);

	/* our own are not told again */
	registry_log_read(note, again);
	assert_int_equal(records, 0);

	/* as another process would append: the bytes, then the word that makes them valid */
	int fd = open(path, O_RDWR | O_CLOEXEC);
	uint8_t b[56];
	assert_int_equal(pread(fd, b, 56, 64), 56);
	assert_int_equal(pwrite(fd, b, 56, st.st_size), 56);
	registry_log_read(note, again);
	assert_int_equal(records, 0);
	assert_int_equal(pwrite(fd, &(uint64_t){ 64 + 3 * 56 }, 8, 8), 8);
	registry_log_read(note, again);
	assert_int_equal(records, 1);
	assert_int_equal(last.op, REGISTRY_SET);
	assert_int_equal(last.path_length, 3);
	assert_int_equal(last.size, 4);
	close(fd);
	unlink(path);
	rmdir(dir);
}

static void
broken(void **state)
{
	struct registry_record r;
	uint8_t b[64] = { 0 };
	(void)state;
	assert_int_equal(registry_log_parse(b, sizeof b, &r), 0);
	b[0] = 64;
	b[8] = 1; /* a size and an operation, but no sum */
	assert_int_equal(registry_log_parse(b, sizeof b, &r), 0);
	memset(b, 0xff, sizeof b);
	assert_int_equal(registry_log_parse(b, sizeof b, &r), 0);
	assert_int_equal(registry_log_parse(b, 3, &r), 0);
}

UNIT_MAIN(TEST(records_of_a_log), TEST(broken))
