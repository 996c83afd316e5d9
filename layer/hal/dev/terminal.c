/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/hal/dev/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int
terminal_open(unsigned rows, unsigned cols, int *master, int *slave, struct err *e)
{
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	struct termios raw;
	int zero = 0;
	*slave = -1;
	*master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master >= 0 && ioctl(*master, TIOCSPTLCK, &zero) == 0)
		*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || tcgetattr(*slave, &raw) < 0) {
		fail(e, errno, "cannot make a terminal: %s", strerror(errno));
		if (*slave >= 0)
			close(*slave);
		if (*master >= 0)
			close(*master);
		*master = *slave = -1;
		return -1;
	}
	cfmakeraw(&raw);
	tcsetattr(*slave, TCSANOW, &raw);
	if (rows)
		ioctl(*master, TIOCSWINSZ, &size);
	return 0;
}
