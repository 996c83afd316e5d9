/* birth.h -- what a process of the program is born with.
 *
 * The first gets it from the layer, each further one (CreateProcess) from its parent through a
 * descriptor; both take the same way through birth_run().  It is fixed when the program runs.
 */
#ifndef LAYER_API_NT_PROCESS_BIRTH_H
#define LAYER_API_NT_PROCESS_BIRTH_H

#include "base/err.h"
#include "layer/api/nt/types.h"

struct drive {
	WCHAR letter;           /* u'C' */
	char *root;             /* of the host, absolute, without a final slash ("" is /) */
	bool readonly;
};

/* A path of the host that the sandbox lets be seen. */
struct birth_path {
	char *path;             /* absolute */
	bool readonly;
};

struct birth {
	char *image;            /* the host's path of the .exe; NULL: our own cmd */
	char **args;            /* of the first: joined to a command line by CommandLineToArgvW's rules */
	WCHAR *command_line;    /* or that line itself */
	char **env;             /* "K=V" in UTF-8, NULL-terminated */
	WCHAR *environment;     /* or a block, ended by an empty string */
	char *cwd;              /* of the host */
	struct drive *drives;
	size_t ndrive;
	struct birth_path *show;
	size_t nshow;
	bool jailed;            /* its parent's sandbox is around it already */
	char *cache;            /* the store's folder for what can be made again, or NULL */
	char *private;          /* the host's folder behind C: */
	char *hostname;         /* the computer's name; NULL: the host's */
	char *store;            /* the machine's folder, where registry and shared things live */
	bool network;           /* it may make sockets */
	bool rootless;          /* root is only called so, in a user namespace */
	bool trace;             /* each call is written to trace_fd */
	int trace_fd;
	int monitor_fd;         /* a socket: whom to ask for what the sandbox hides (pseudo.h); or -1 */
	uint32_t process_id;    /* as the program sees it */
	uint32_t parent_id;
	/* CreateProcess: handles that are inherited and the standard ones */
	uint64_t std[3];
	bool std_given;
	uint32_t flags;         /* of CreateProcess */
	/* of STARTUPINFO */
	WCHAR *title;           /* or NULL */
	uint32_t start_flags, show_window;
	void *reserved;         /* lpReserved2: descriptors of the C run-time */
	size_t reserved_size;
};

extern struct birth birth;      /* of this process; fixed */

/* Become the process: environment blocks, modules, sandbox, the first thread.  `running` is
 * called just before the program's first instruction.  Comes back only when it cannot start. */
int birth_run(struct birth *b, void (*running)(void *ctx), void *ctx, struct err *e);

/* End the process with a code of Windows, without any callback; and as ExitProcess does, when
 * the modules have been told.  doc/windows.md says what code becomes what status of the host. */
_Noreturn void birth_end(uint32_t code);
_Noreturn void birth_exit(uint32_t code);

#endif
