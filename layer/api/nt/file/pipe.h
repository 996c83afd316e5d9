/* pipe.h -- anonymous and named pipes.
 *
 * An anonymous pipe is one of the host's, and so is what the program got as a standard handle
 * when that is a pipe or a socket: whatever it is, it answers as a Windows pipe in byte mode.
 * A named pipe is a Unix socket; its two ends say with each message how long it is, when it
 * is a pipe of messages.
 */
#ifndef LAYER_API_NT_FILE_PIPE_H
#define LAYER_API_NT_FILE_PIPE_H

#include "layer/api/nt/file/file.h"

extern const struct file_kind pipe_host_kind, pipe_socket_kind, pipe_named_kind;

NTSTATUS pipe_new(struct file **reader, struct file **writer, size_t size);
/* How much can be read, and a look at it: *available bytes, *seen of them in buf. */
NTSTATUS pipe_peek(struct file *f, void *buf, size_t n, size_t *seen, size_t *available, size_t *message);

/* FILE_PIPE_LOCAL_INFORMATION */
struct pipe_local {
	ULONG NamedPipeType, NamedPipeConfiguration, MaximumInstances, CurrentInstances, InboundQuota,
	        ReadDataAvailable, OutboundQuota, WriteQuotaAvailable, NamedPipeState, NamedPipeEnd;
};
enum { PIPE_DISCONNECTED_STATE = 1, PIPE_LISTENING_STATE, PIPE_CONNECTED_STATE, PIPE_CLOSING_STATE };

NTSTATUS pipe_local(struct file *f, struct pipe_local *out);
/* FILE_PIPE_INFORMATION: ReadMode, CompletionMode */
NTSTATUS pipe_modes(struct file *f, ULONG *read_mode, ULONG *wait_mode);
NTSTATUS pipe_set_modes(struct file *f, ULONG read_mode, ULONG wait_mode);

/* pipe_named.c, pipe_name.c, pipe_data.c, pipe_control.c */
struct pipe_make {
	bool inbound, outbound;         /* as the server sees it */
	bool messages, read_messages, nowait;
	ULONG most, in_quota, out_quota;
	int64_t timeout;                /* 100 ns, negative: WaitNamedPipe's default */
	bool first;
};
NTSTATUS pipe_make(const WCHAR *name, const struct pipe_make *m, ACCESS_MASK access, DWORD share,
                   DWORD options, struct file **out);
NTSTATUS pipe_named_peek(struct file *f, void *buf, size_t n, size_t *seen, size_t *available,
                         size_t *message);
NTSTATUS pipe_named_local(struct file *f, struct pipe_local *out);
NTSTATUS pipe_named_modes(struct file *f, ULONG *read_mode, ULONG *wait_mode);
NTSTATUS pipe_named_set_modes(struct file *f, ULONG read_mode, ULONG wait_mode);
NTSTATUS pipe_wait(const WCHAR *name, uint64_t deadline);       /* WaitNamedPipe */
/* \Device\NamedPipe\NAME, to be freed; NULL: it is no named pipe. */
WCHAR *pipe_path(struct file *f);
uint32_t pipe_peer(struct file *f, bool *server);       /* the process at the other end, or 0 */
/* For another process: what stands beside the descriptor.  false: it cannot go; an instance that
 * nobody has connected to goes only with its last handle (i->moved). */
bool pipe_give(struct file *f, struct inherit *i);
struct file *pipe_remake(const struct inherit *i);      /* takes the descriptors */

#endif
