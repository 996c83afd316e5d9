/* hex.h -- bytes written as hexadecimal digits, for tests with known answers. */
#include <string.h>

static inline int
hex_digit(char c)
{
	return c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
}

/* Into one of four buffers in turn. */
static inline unsigned char *
hex(const char *s)
{
	static unsigned char room[4][2048];
	static int turn;
	unsigned char *p = room[turn++ & 3];
	for (size_t i = 0; s[2 * i]; i++)
		p[i] = (unsigned char)(hex_digit(s[2 * i]) << 4 | hex_digit(s[2 * i + 1]));
	return p;
}

static inline int
hex_is(const void *p, const char *s)
{
	return !memcmp(p, hex(s), strlen(s) / 2);
}
