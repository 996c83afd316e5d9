/* user.h -- who the program runs as.
 *
 * Names are looked up in the container's own /etc/passwd and /etc/group, so
 * these run inside its root.  They allocate nothing.
 */
#ifndef LAYER_OS_USER_H
#define LAYER_OS_USER_H

#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

enum { USER_GROUPS = 64 };

struct identity {
	uid_t uid;
	gid_t gid;
	gid_t groups[USER_GROUPS];
	size_t ngroups;
	char home[256];         /* from passwd, or "/" */
};

/* `who` is USER[:GROUP], names or numbers, as in an image's User; `more` is a
 * NULL-terminated list of further groups, or NULL. */
int user_find(const char *who, char *const *more, struct identity *id, struct err *e);

/* The home folder of a number; "/" when passwd has none. */
void user_home(uid_t uid, char *home, size_t size);

#endif
