/* SPDX-License-Identifier: Apache-2.0 */
/* message.c -- what cmd writes, and the words of Windows for what goes wrong. */
#include <stdlib.h>

#include "layer/api/cmd/cmd.h"

static const struct {
	DWORD error;
	const char *words;
} words[] = {
	{ 1, "Incorrect function." },
	{ 2, "The system cannot find the file specified." },
	{ 3, "The system cannot find the path specified." },
	{ 4, "The system cannot open the file." },
	{ 5, "Access is denied." },
	{ 6, "The handle is invalid." },
	{ 8, "Not enough memory resources are available to process this command." },
	{ 13, "The data is invalid." },
	{ 15, "The system cannot find the drive specified." },
	{ 17, "The system cannot move the file to a different disk drive." },
	{ 18, "There are no more files." },
	{ 19, "The media is write protected." },
	{ 21, "The device is not ready." },
	{ 29, "The system cannot write to the specified device." },
	{ 32, "The process cannot access the file because it is being used by another process." },
	{ 39, "The disk is full." },
	{ 50, "The request is not supported." },
	{ 80, "The file exists." },
	{ 82, "The directory or file cannot be created." },
	{ 87, "The parameter is incorrect." },
	{ 109, "The pipe has been ended." },
	{ 112, "There is not enough space on the disk." },
	{ 123, "The filename, directory name, or volume label syntax is incorrect." },
	{ 145, "The directory is not empty." },
	{ 161, "The specified path is invalid." },
	{ 183, "Cannot create a file when that file already exists." },
	{ 193, "%1 is not a valid Win32 application." },
	{ 206, "The filename or extension is too long." },
	{ 216, "This version of %1 is not compatible with the version of Windows you're running." },
	{ 232, "The pipe is being closed." },
	{ 267, "The directory name is invalid." },
	{ 1314, "A required privilege is not held by the client." },
	{ 1920, "The file cannot be accessed by the system." },
	{ 4390, "The file or directory is not a reparse point." },
};

const char *
cmd_words(DWORD error)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].error == error)
			return words[i].words;
	return "The system cannot do what was asked.";
}

static bool
write_all(HANDLE h, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n) {
		DWORD part = n > 1 << 20 ? 1 << 20 : (DWORD)n, done = 0;
		if (!kernel32_WriteFile(h, p, part, &done, NULL) || !done)
			return false;
		p += done;
		n -= done;
	}
	return true;
}

void
cmd_write(struct cmd *c, HANDLE h, const WCHAR *s, size_t n)
{
	if (!h || h == INVALID_HANDLE_VALUE || !n)
		return;
	if (c->unicode && kernel32_GetFileType(h) != FILE_TYPE_CHAR) {
		write_all(h, s, n * sizeof *s);
		return;
	}
	size_t size;
	char *bytes = wtext_to_utf8(s, n, &size);
	write_all(h, bytes, size);
	free(bytes);
}

void
cmd_out(struct cmd *c, const WCHAR *s)
{
	cmd_write(c, c->std[1], s, wtext_len(s));
}

static void
line_to(struct cmd *c, HANDLE h, const char *ascii)
{
	struct wtext t = { 0 };

	wtext_ascii(&t, ascii);
	wtext_ascii(&t, "\r\n");
	cmd_write(c, h, t.p, t.n);
	wtext_free(&t);
}

void
cmd_say(struct cmd *c, const char *ascii)
{
	line_to(c, c->std[1], ascii);
}

int32_t
cmd_fail(struct cmd *c, const char *ascii)
{
	line_to(c, c->std[2], ascii);
	return 1;
}

int32_t
cmd_system(struct cmd *c, DWORD error)
{
	return cmd_fail(c, cmd_words(error));
}

int32_t
cmd_last(struct cmd *c)
{
	return cmd_system(c, kernel32_GetLastError());
}
