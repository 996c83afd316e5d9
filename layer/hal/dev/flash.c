/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/flash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "core/pages.h"

#define FLASH_TAG SNAP_TAG('F', 'L', 'S', 'H')

enum {
	PROGRAM = 0x40,
	PROGRAM_TOO = 0x10,
	ERASE = 0x20,
	CLEAR_STATUS = 0x50,
	LOCK = 0x60,
	READ_STATUS = 0x70,
	READ_ID = 0x90,
	QUERY = 0x98,
	BUFFER = 0xe8,
	CONFIRM = 0xd0,
	READ_ARRAY = 0xff,
};
enum { READY = 0x80, ERASE_FAILED = 0x20, PROGRAM_FAILED = 0x10, PROTECTED = 2 };
enum { MAKER = 0x89, CHIP = 0x18, BUFFER_SIZE = 4096, WIDTH = 4 };
enum step { STEP_COMMAND, STEP_SECOND, STEP_DATA, STEP_CONFIRM };

struct flash {
	struct board *board; /* lent */
	char *name;          /* own: of the device and of its file */
	int folder, file;    /* own; file -1 until something was changed */
	bool readonly;
	uint8_t *memory; /* own */

	uint8_t command, step, status; /* what was begun, how far it is, how the last one ended */
	uint16_t left;                 /* words that the buffer still waits for */
	uint32_t page;                 /* where the buffer will be programmed */
	uint8_t buffer[BUFFER_SIZE];   /* the bits that will fall */
};

static const struct field fields[] = {
	FIELD_OF_U8(struct flash, command), FIELD_OF_U8(struct flash, step),
	FIELD_OF_U8(struct flash, status),  FIELD_OF_U16(struct flash, left),
	FIELD_OF_U32(struct flash, page),   FIELD_OF_U8(struct flash, buffer),
	{ NULL, FIELD_U8, 0, 0 },
};

/* What each chip says of itself, from word 0x10 on. */
static const uint8_t query[] = {
	'Q',  'R',  'Y', 1,   0,   0x31, 0, /* Intel's command set, its table */
	0,    0,    0,   0,                 /* no other one */
	0x45, 0x55, 0,   0,                 /* 4.5 to 5.5 V */
	7,    7,    10,  0,                 /* 2^n us a word and a buffer, ms a block */
	4,    4,    4,   0,                 /* that times 2^n at most */
	24,                                 /* 2^n bytes */
	1,    0,                            /* 16 bits */
	11,   0,                            /* 2^n bytes of buffer */
	1,    127,  0,   0,   2, /* one kind of blocks: so many less one, of so much * 256 bytes */
	'P',  'R',  'I', '1', '0', 0,    0, 0, 0, 0, 1, 0, 0x50, 0,
};

/* -- the file -------------------------------------------------------------------------------- */

/* Keep n changed bytes; false: the host has no room. */
static bool
keep(struct flash *f, uint32_t at, uint32_t n)
{
	struct err e = { 0 };
	if (f->file < 0) {
		if (file_write(f->folder, f->name, f->memory, FLASH_SIZE, 0600, false, &e) < 0)
			return false;
		f->file = openat(f->folder, f->name, O_WRONLY | O_CLOEXEC);
		return f->file >= 0;
	}
	while (n) {
		ssize_t done = pwrite(f->file, f->memory + at, n, at);
		if (done <= 0)
			return false;
		at += (uint32_t)done;
		n -= (uint32_t)done;
	}
	return true;
}

/* Bits only fall; what the file does not take is as it was. */
static void
program(struct flash *f, uint32_t at, const uint8_t *falling, uint32_t n)
{
	uint8_t before[BUFFER_SIZE];
	f->status = READY;
	if (f->readonly) {
		f->status |= PROGRAM_FAILED | PROTECTED;
		return;
	}
	memcpy(before, f->memory + at, n);
	for (uint32_t i = 0; i < n; i++)
		f->memory[at + i] &= (uint8_t)~falling[i];
	if (memcmp(before, f->memory + at, n) != 0 && !keep(f, at, n)) {
		memcpy(f->memory + at, before, n);
		f->status |= PROGRAM_FAILED;
	}
}

static void
erase(struct flash *f, uint32_t at)
{
	f->status = READY;
	if (f->readonly) {
		f->status |= ERASE_FAILED | PROTECTED;
		return;
	}
	at &= ~(uint32_t)(FLASH_BLOCK - 1);
	memset(f->memory + at, 0xff, FLASH_BLOCK);
	if (!keep(f, at, FLASH_BLOCK))
		f->status |= ERASE_FAILED;
}

/* -- the guest's side ------------------------------------------------------------------------------ */

/* Both chips say the same, each in its half. */
static uint64_t
twice(unsigned value, uint64_t offset, unsigned size)
{
	uint64_t all = value * UINT64_C(0x0001000100010001) >> 8 * (offset & (WIDTH - 1));
	return size == 8 ? all : all & ((UINT64_C(1) << 8 * size) - 1);
}

static unsigned
identity(uint64_t word)
{
	return word == 0 ? MAKER : word == 1 ? CHIP : 0;
}

static unsigned
answer(uint64_t word)
{
	return word >= 0x10 && word - 0x10 < sizeof query ? query[word - 0x10] : 0;
}

static uint64_t
read_bytes(void *dev, uint64_t offset, unsigned size)
{
	struct flash *f = dev;
	uint64_t value = 0, word = offset / WIDTH & 0xff;
	switch (f->command) {
	case READ_ARRAY: memcpy(&value, f->memory + offset, size); return value;
	case READ_ID: return twice(identity(word), offset, size);
	case QUERY: return twice(answer(word), offset, size);
	default: return twice(f->status, offset, size);
	}
}

static void
begin(struct flash *f, uint8_t command)
{
	f->command = command;
	f->step = STEP_COMMAND;
	switch (command) {
	case PROGRAM:
	case PROGRAM_TOO:
	case ERASE:
	case LOCK: f->step = STEP_SECOND; break;
	case BUFFER:
		f->step = STEP_SECOND;
		f->status = READY;
		break;
	case CLEAR_STATUS:
		f->status = READY;
		f->command = READ_ARRAY;
		break;
	case READ_STATUS:
	case READ_ID:
	case QUERY: break;
	default: f->command = READ_ARRAY; break;
	}
}

static void
second(struct flash *f, uint64_t offset, unsigned size, uint64_t value)
{
	f->step = STEP_COMMAND;
	switch (f->command) {
	case ERASE:
		if ((value & 0xff) == CONFIRM)
			erase(f, (uint32_t)offset);
		else
			f->status = READY | ERASE_FAILED | PROGRAM_FAILED;
		break;
	case BUFFER:
		/* words less one; more than there is room for is refused when it is confirmed */
		f->left = (uint16_t)value;
		f->page = UINT32_MAX;
		memset(f->buffer, 0, sizeof f->buffer);
		f->step = STEP_DATA;
		break;
	case LOCK: /* there are no locks */ break;
	default:
		value = ~value;
		program(f, (uint32_t)offset, (const uint8_t *)&value, size);
		break;
	}
}

static void
collect(struct flash *f, uint64_t offset, unsigned size, uint64_t value)
{
	uint32_t page = (uint32_t)offset & ~(uint32_t)(BUFFER_SIZE - 1);
	if (f->page == UINT32_MAX)
		f->page = page;
	value = ~value;
	if (page == f->page)
		memcpy(f->buffer + (offset & (BUFFER_SIZE - 1)), &value, size);
	else
		f->status |= PROGRAM_FAILED;
	f->step = f->left-- ? STEP_DATA : STEP_CONFIRM;
}

static void
write_bytes(void *dev, uint64_t offset, unsigned size, uint64_t value)
{
	struct flash *f = dev;
	switch (f->step) {
	case STEP_SECOND: second(f, offset, size, value); break;
	case STEP_DATA: collect(f, offset, size, value); break;
	case STEP_CONFIRM:
		f->step = STEP_COMMAND;
		if ((value & 0xff) != CONFIRM)
			f->status = READY | ERASE_FAILED | PROGRAM_FAILED;
		else if (!(f->status & PROGRAM_FAILED))
			program(f, f->page, f->buffer, BUFFER_SIZE);
		break;
	default: begin(f, (uint8_t)value); break;
	}
}

/* -- its life ---------------------------------------------------------------------------------------- */

static void
reset(void *self)
{
	struct flash *f = self;
	f->command = READ_ARRAY;
	f->step = STEP_COMMAND;
	f->status = READY;
	f->left = 0;
	f->page = UINT32_MAX;
	memset(f->buffer, 0, sizeof f->buffer);
}

/* What a snapshot says is not believed. */
static void
loaded(void *self)
{
	struct flash *f = self;
	if (f->step > STEP_CONFIRM ||
	    (f->step >= STEP_DATA && f->page != UINT32_MAX &&
	     (f->page % BUFFER_SIZE || f->page >= FLASH_SIZE)) ||
	    (f->step == STEP_CONFIRM && f->page == UINT32_MAX))
		reset(f);
}

static int
save(void *self, struct snap *s, struct err *e)
{
	struct flash *f = self;
	return pages_put(s, FLASH_TAG, 0, f->memory, FLASH_SIZE, e);
}

static int
load(void *self, struct snap *s, struct err *e)
{
	struct flash *f = self;
	memset(f->memory, 0, FLASH_SIZE);
	if (pages_get(s, FLASH_TAG, 0, f->memory, FLASH_SIZE, e) < 0)
		return -1;
	if (f->readonly)
		return 0;
	if (f->file >= 0)
		close(f->file);
	f->file = -1;
	if (!keep(f, 0, FLASH_SIZE))
		return fail(e, errno, "the flash memory cannot be written: %s", strerror(errno));
	return 0;
}

static void
destroy(void *self)
{
	struct flash *f = self;
	if (f->file >= 0)
		close(f->file);
	if (f->folder >= 0)
		close(f->folder);
	if (f->memory)
		munmap(f->memory, FLASH_SIZE);
	free(f->name);
	free(f);
}

static const struct device kind = {
	.type = "cfi-flash",
	.fields = fields,
	.reset = reset,
	.save = save,
	.load = load,
	.loaded = loaded,
	.destroy = destroy,
};

/* Fill the bank from a file; the rest is erased. */
static int
fill(struct flash *f, int fd, const char *path, struct err *e)
{
	struct stat st = { 0 };
	size_t n = 0;
	ssize_t got = 1;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fail(e, EINVAL, "flash '%s' is not a file", path);
		return err_status(e, EXIT_CANNOT_EXEC);
	}
	if (st.st_size > FLASH_SIZE) {
		fail(e, EFBIG, "flash '%s' is larger than a bank of %d MiB", path,
		     FLASH_SIZE >> 20);
		err_hint(e, "give firmware for QEMU's board 'virt'");
		return err_status(e, EXIT_CANNOT_EXEC);
	}
	while (n < FLASH_SIZE && (got = read(fd, f->memory + n, FLASH_SIZE - n)) > 0)
		n += (size_t)got;
	if (got < 0)
		return fail(e, errno, "flash '%s': %s", path, strerror(errno));
	memset(f->memory + n, 0xff, FLASH_SIZE - n);
	return 0;
}

static int
first_content(struct flash *f, const char *image, struct err *e)
{
	int fd = -1, rc = 0;
	if (!f->readonly) {
		f->file = openat(f->folder, f->name, O_RDWR | O_CLOEXEC);
		if (f->file >= 0)
			return fill(f, f->file, f->name, e);
	}
	if (!image) {
		memset(f->memory, 0xff, FLASH_SIZE);
		return 0;
	}
	fd = open(image, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		fail(e, errno, "flash '%s': %s", image, strerror(errno));
		return err_status(e, EXIT_CANNOT_EXEC);
	}
	rc = fill(f, fd, image, e);
	close(fd);
	return rc;
}

int
flash_new(struct board *b, uint64_t address, const char *name, const char *image, int folder,
          bool readonly, struct err *e)
{
	static const struct bus_ops ops = { read_bytes, write_bytes, 1, 8, .memory = true };
	struct flash *f = xcalloc(1, sizeof *f);
	*f = (struct flash){ .board = b, .file = -1, .readonly = readonly };
	f->name = xstrdup(name);
	f->folder = fcntl(folder, F_DUPFD_CLOEXEC, 3);
	void *p =
	        mmap(NULL, FLASH_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	f->memory = p == MAP_FAILED ? NULL : p;
	int rc = 0;
	if (!f->memory || f->folder < 0)
		rc = fail(e, errno, "no memory for flash: %s", strerror(errno));
	if (rc == 0)
		rc = first_content(f, image, e);
	if (rc == 0)
		rc = bus_add(board_bus(b), address, FLASH_SIZE, &ops, f, f->name, e);
	if (rc < 0) {
		destroy(f);
		return -1;
	}
	board_add(b, &kind, name, f);
	reset(f);
	return 0;
}
