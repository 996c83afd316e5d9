/* file.h -- open files: of a disk, folders, pipes, consoles, devices.
 *
 * A file object has a descriptor of the host and a kind, which says how it reads and writes.
 * Reading and writing is tried without waiting first; what would wait either waits in the
 * calling thread (synchronous files), so that CancelSynchronousIo can wake it, or becomes a
 * struct file_pending that the reactor ends.  Sharing modes are kept by device and inode, in
 * the process and, when there are others, in the machine (shared_file.h).  The position of a synchronous file is its descriptor's, so that it is shared
 * with those who inherited it.
 */
#ifndef LAYER_API_NT_FILE_FILE_H
#define LAYER_API_NT_FILE_FILE_H

#include <pthread.h>
#include <sys/stat.h>

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/file/path.h"
#include "layer/api/nt/object/port.h"
#include "layer/api/nt/object/reactor.h"
#include "layer/api/nt/status.h"

enum {
	FILE_READ_DATA = 1, /* a folder's: list */
	FILE_WRITE_DATA = 2,
	FILE_APPEND_DATA = 4,
	FILE_READ_EA = 8,
	FILE_WRITE_EA = 0x10,
	FILE_EXECUTE = 0x20,
	FILE_READ_ATTRIBUTES = 0x80,
	FILE_WRITE_ATTRIBUTES = 0x100,
	ACCESS_DELETE = 0x10000,
	ACCESS_SYNCHRONIZE = 0x100000,
	FILE_GENERIC_READ = 0x120089,
	FILE_GENERIC_WRITE = 0x120116,
	FILE_GENERIC_EXECUTE = 0x1200a0,
	FILE_ALL_ACCESS = 0x1f01ff,

	FILE_SHARE_READ = 1,
	FILE_SHARE_WRITE = 2,
	FILE_SHARE_DELETE = 4,

	/* CreateDisposition */
	FILE_SUPERSEDE = 0,
	FILE_OPEN = 1,
	FILE_CREATE = 2,
	FILE_OPEN_IF = 3,
	FILE_OVERWRITE = 4,
	FILE_OVERWRITE_IF = 5,

	/* what came of it */
	FILE_SUPERSEDED = 0,
	FILE_OPENED = 1,
	FILE_CREATED = 2,
	FILE_OVERWRITTEN = 3,
	FILE_EXISTS = 4,
	FILE_DOES_NOT_EXIST = 5,

	/* CreateOptions */
	FILE_DIRECTORY_FILE = 1,
	FILE_WRITE_THROUGH = 2,
	FILE_SEQUENTIAL_ONLY = 4,
	FILE_NO_INTERMEDIATE_BUFFERING = 8,
	FILE_SYNCHRONOUS_IO_ALERT = 0x10,
	FILE_SYNCHRONOUS_IO_NONALERT = 0x20,
	FILE_NON_DIRECTORY_FILE = 0x40,
	FILE_DELETE_ON_CLOSE = 0x1000,
	FILE_OPEN_BY_FILE_ID = 0x2000,
	FILE_OPEN_FOR_BACKUP_INTENT = 0x4000,
	FILE_OPEN_REPARSE_POINT = 0x200000,

	FILE_ATTRIBUTE_READONLY = 1,
	FILE_ATTRIBUTE_HIDDEN = 2,
	FILE_ATTRIBUTE_SYSTEM = 4,
	FILE_ATTRIBUTE_DIRECTORY = 0x10,
	FILE_ATTRIBUTE_ARCHIVE = 0x20,
	FILE_ATTRIBUTE_NORMAL = 0x80,
	FILE_ATTRIBUTE_REPARSE_POINT = 0x400,

	FILE_TYPE_UNKNOWN = 0,
	FILE_TYPE_DISK = 1,
	FILE_TYPE_CHAR = 2,
	FILE_TYPE_PIPE = 3,

	FILE_CURRENT = -2, /* FILE_USE_FILE_POINTER_POSITION */
	FILE_AT_END = -1,  /* FILE_WRITE_TO_END_OF_FILE */
};

struct file;
struct file_pending;

/* One read or write, as it is tried. */
struct file_io {
	char *buf; /* the program's: it may be bad */
	size_t n, done;
	int64_t offset; /* or FILE_CURRENT, FILE_AT_END */
	bool wait;      /* it may wait */
};

struct file_kind {
	int type;     /* FILE_TYPE_... */
	DWORD device; /* FILE_DEVICE_...: of FileFsDeviceInformation */
	/* Try: x->done and a status; STATUS_PENDING when it would have to wait for `events` of
	 * the descriptor. */
	NTSTATUS (*read)(struct file *f, struct file_io *x);
	NTSTATUS (*write)(struct file *f, struct file_io *x);
	/* Optional.  IOCTLs and FSCTLs: *done bytes are in out.  pending: for those that end
	 * later (file_pend). */
	NTSTATUS (*control)
	(struct file *f, ULONG code, const void *in, ULONG nin, void *out, ULONG nout,
	 ULONG_PTR *done, struct file_pending *(*pend)(void *ctx), void *ctx);
	NTSTATUS (*flush)(struct file *f); /* optional */
	void (*close)(struct file *f);     /* optional: the last handle is gone */
	void (*destroy)(struct file *f);   /* optional: of what it has at own */
	bool (*ready)(struct file *f);     /* optional: a wait for the handle is over */
	/* Optional: a class of NtQueryInformationFile that the kind knows.  *done: its size. */
	NTSTATUS (*query)(struct file *f, ULONG class, void *out, ULONG n, ULONG_PTR *done);
};

/* An operation that was not over when its call came back. */
struct file_pending {
	struct io io; /* its file is a count of the file */
	struct file_io x;
	struct file *file; /* lent: io.file */
	uint32_t tid;      /* of the thread that began it */
	ULONG code;        /* of a control */
	void *own;         /* to be freed with it */
	struct file_pending *next;
	/* Optional: not one of the queues'.  Ends it by file_end() unless it is ending. */
	void (*cancel)(struct file_pending *p);
};

/* Operations that wait for one direction of a descriptor; under the file's lock. */
struct file_queue {
	struct reactor_wait wait;
	struct file *file;
	struct file_pending *first, *last;
	bool armed;
};

struct dir;
struct watch;

struct file {
	struct object object; /* first */
	const struct file_kind *kind;
	int fd;     /* own, -1: none */
	char *path; /* own, of the host; NULL: it has none.  Under lock */
	ACCESS_MASK access;
	uint32_t share, options;
	bool folder, append, overlapped, readonly_drive, temporary;
	_Atomic bool delete_on_close, closed;
	uint32_t root; /* bytes of path that are the drive's */

	/* under the table's lock (file_share.c) */
	struct file *share_next, **share_at;
	bool shared; /* it is in one of its lists */
	bool known;  /* dev and ino are */
	dev_t dev;
	ino_t ino;
	uint32_t place; /* in the table of the machine, or 0 */

	/* atomically */
	struct object *_Atomic port; /* own (a count); set once */
	ULONG_PTR key;
	_Atomic uint8_t modes; /* SetFileCompletionNotificationModes */
	_Atomic uint32_t io_priority;

	pthread_mutex_t lock;
	struct file_queue readers, writers;
	struct file_pending *others; /* pending ones that are in no queue */
	struct file_range *ranges;   /* own: what it has locked (file_fs.c) */
	struct dir *dir;             /* own: enumeration */
	struct watch *watch;         /* own: who asked for changes */
	void *own;                   /* the kind's */
};

extern const struct object_class file_class;
extern const struct file_kind file_disk, file_null, file_char;

/* -- file.c -------------------------------------------------------------------- */

struct file *file_new(const struct file_kind *kind, int fd); /* takes fd, also when it fails */
/* As NtCreateFile, without the handle.  *what: FILE_CREATED ... */
NTSTATUS file_create(struct path *p, ACCESS_MASK access, DWORD attributes, DWORD share,
                     DWORD disposition, DWORD options, struct file **out, ULONG_PTR *what);
ACCESS_MASK file_access(ACCESS_MASK a); /* generic rights made specific */
/* A descriptor of the host as a file: what it is decides the kind. */
NTSTATUS file_adopt(int fd, ACCESS_MASK access, struct file **out);
/* The three standard handles, from descriptors 0, 1 and 2; those that are closed are 0. */
void file_standard(HANDLE std[3]);
/* A handle of the current folder, for the process parameters; NULL: it cannot be opened. */
HANDLE file_current(void);
NTSTATUS file_get(HANDLE h, ACCESS_MASK need, struct file **out); /* counted */
void file_unref(struct file *f);
/* The Windows path of a name in an open folder; to be freed. */
NTSTATUS file_path_at(HANDLE folder, const WCHAR *name, WCHAR **out);
/* For CreateIoCompletionPort: once; the counts of both stay the caller's. */
NTSTATUS file_set_port(struct object *file, struct object *port, ULONG_PTR key);
/* The descriptor of a file, for sections; lent.  access: what the handle allows. */
NTSTATUS file_descriptor(HANDLE h, struct file **out, int *fd);

/* Devices, by name: "pipe\", "NUL", "\Device\Afd".  The table is in file.c. */
typedef NTSTATUS file_opener(const WCHAR *name, ACCESS_MASK access, DWORD share, DWORD disposition,
                             DWORD options, struct file **out);

/* -- file_share.c ---------------------------------------------------------------- */

/* Which file it is may be known (file_share_known()), else is asked when somebody could mind.
 * STATUS_SHARING_VIOLATION, STATUS_DELETE_PENDING. */
NTSTATUS file_share_enter(struct file *f);
void file_share_known(struct file *f, const struct stat *st);
void file_share_became(struct file *f, const struct stat *st); /* another one: see dispose() */
bool file_share_is(struct file *f, const struct stat *st);     /* the same file? */
void file_share_deleting(struct file *f, bool on);             /* with its last handle */
/* It is open elsewhere already, and comes from there. */
void file_share_join(struct file *f);
/* There are other processes from now on: what is open here concerns them. */
void file_share_machine(void);
void file_share_end(void); /* the process ends: what is open is closed */
void file_share_leave(struct file *f);
/* May the file be deleted or renamed while it is open as it is?  except: NULL or one that does
 * not count. */
NTSTATUS file_share_delete(dev_t dev, ino_t ino, const struct file *except);
/* Which processes of the machine have it open: indexes of its table, each once. */
size_t file_share_users(dev_t dev, ino_t ino, uint32_t *index, size_t room);
void file_share_moved(const char *from, const char *to); /* paths of open files follow */

/* -- file_io.c ------------------------------------------------------------------- */

struct file_request {
	HANDLE event;
	void *apc, *apc_context;
	struct IO_STATUS_BLOCK *iosb; /* of the program */
};
NTSTATUS
file_begin_read(struct file *f, const struct file_request *r, void *buf, size_t n, int64_t offset);
NTSTATUS file_begin_write(struct file *f, const struct file_request *r, const void *buf, size_t n,
                          int64_t offset);
/* A packet for the file's port, if it has one. */
void file_post(struct file *f, const struct file_request *r, NTSTATUS s, ULONG_PTR n);
/* What every request does that has ended at once: status block, event, port. */
NTSTATUS file_at_once(struct file *f, const struct file_request *r, NTSTATUS s, ULONG_PTR n);
/* A pending operation of the request; NULL: no memory. */
struct file_pending *file_pend(struct file *f, const struct file_request *r);
void file_pend_other(struct file_pending *p);   /* into f->others: it has a cancel function */
bool file_unpend_other(struct file_pending *p); /* out again; false: somebody else did */
void file_end(struct file_pending *p, NTSTATUS s, ULONG_PTR n);
/* Wait until the descriptor is ready.  STATUS_CANCELLED. */
NTSTATUS file_wait(struct file *f, int fd, short events, int timeout_ms);
/* STATUS_NOT_FOUND: there was none.  iosb NULL: all; tid 0: of any thread. */
NTSTATUS file_cancel(struct file *f, struct IO_STATUS_BLOCK *iosb, uint32_t tid);
NTSTATUS file_cancel_thread(uint32_t tid); /* CancelSynchronousIo */
/* Queues: try again what waits in one, after something has changed. */
void file_queue_run(struct file_queue *q);

/* -- file_device.c, file_volume.c, pipe.c, console.c: names of devices ---------------------------- */

file_opener file_open_null, file_open_volume, pipe_open, console_open;

/* -- file_volume.c ---------------------------------------------------------------- */

WCHAR file_volume_letter(const WCHAR *name); /* of "Volume{...}"; 0: it is none of ours */

#endif
