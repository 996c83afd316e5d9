/* user.h -- who the program runs as.
 *
 * Names are looked up in /etc/passwd and /etc/group of the root that we have: a
 * container's, a guest's.  They allocate nothing.
 */
#ifndef BASE_USER_H
#define BASE_USER_H

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
