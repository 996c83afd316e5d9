/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/api/nt/crypto/protect.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/api/nt/crypto/cipher.h"
#include "layer/api/nt/crypto/digest.h"
#include "layer/api/nt/host.h"
#include "layer/api/nt/process/birth.h"
#include "layer/api/nt/text/nls.h"

enum { KEY = 32, SALT = 32, TAG = 16, NAME_MOST = 32767 };

/* Programs look at the first 20 bytes: version 1 and the provider's GUID. */
struct blob {
	DWORD version;
	BYTE provider[16];
	DWORD form, name_size, size; /* bytes of the name with its zero, and of the data */
	BYTE salt[SALT], tag[TAG];
	/* then the name, then the data */
};

static const BYTE provider[16] = { 0xd0, 0x8c, 0x9d, 0xdf, 0x01, 0x15, 0xd1, 0x11,
	                           0x8c, 0x7a, 0x00, 0xc0, 0x4f, 0xc2, 0x97, 0xeb };
enum { FORM = 0x314a5044 };

/* -- the machine's key ------------------------------------------------------------------------ */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static BYTE machine[KEY], process[KEY];
static bool machine_there, process_there;

/* Under the file's lock, so that two that begin at once have the same; one that was cut short
 * by the end of its writer was not used by anybody yet. */
static NTSTATUS
read_key(void)
{
	char *path;
	NTSTATUS s = STATUS_SUCCESS;
	if (!birth.store)
		return STATUS_OBJECT_PATH_NOT_FOUND;
	if (asprintf(&path, "%s/protect", birth.store) < 0)
		return STATUS_NO_MEMORY;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (fd < 0)
		return STATUS_ACCESS_DENIED;
	if (flock(fd, LOCK_EX) < 0) {
		s = STATUS_ACCESS_DENIED;
	} else if (pread(fd, machine, KEY, 0) != KEY) {
		host_random(machine, KEY);
		if (pwrite(fd, machine, KEY, 0) != KEY || fsync(fd) < 0)
			s = STATUS_DISK_FULL;
	}
	close(fd);
	machine_there = s >= 0;
	return s;
}

static NTSTATUS
machine_key(BYTE out[KEY])
{
	NTSTATUS s = STATUS_SUCCESS;
	pthread_mutex_lock(&lock);
	if (!machine_there)
		s = read_key();
	memcpy(out, machine, KEY);
	pthread_mutex_unlock(&lock);
	return s;
}

static void
process_key(BYTE out[KEY])
{
	pthread_mutex_lock(&lock);
	if (!process_there)
		host_random(process, KEY);
	process_there = true;
	memcpy(out, process, KEY);
	pthread_mutex_unlock(&lock);
}

/* -- blobs ------------------------------------------------------------------------------------ */

static size_t name_bytes(const WCHAR *s) { return s ? (nls_length(s) + 1) * sizeof *s : sizeof *s; }

size_t
protect_room(const struct protect *p)
{
	return sizeof(struct blob) + name_bytes(p->name) + p->size;
}

/* Each salt makes another key, so that the nonce may be always the same. */
static NTSTATUS
run(struct blob *b, const struct protect *p, bool seal, const BYTE *in, BYTE *out)
{
	static const BYTE nonce[12];
	BYTE key[KEY], root[DIGEST_MOST], tag[TAG];
	struct cipher c;
	struct gcm_key g;
	struct gcm_ctx x;
	NTSTATUS s = machine_key(key);
	if (s < 0)
		return s;
	digest_hkdf_extract(DIGEST_SHA256, b->salt, SALT, key, KEY, root);
	digest_hkdf_expand(DIGEST_SHA256, root, KEY, p->also, p->also_size, key, KEY);
	cipher_start(&c, CIPHER_AES, key, KEY, 0);
	cipher_gcm_key(&g, &c);
	cipher_gcm_start(&x, &g, nonce, sizeof nonce);
	memcpy(tag, b->tag, TAG);
	memset(b->tag, 0, TAG);
	/* in one piece: only the last of the associated data may be less than a block */
	cipher_gcm_also(&x, &g, (const BYTE *)b, sizeof *b + b->name_size);
	cipher_gcm_run(&x, &g, &c, seal, out, in, b->size);
	cipher_gcm_tag(&x, &g, &c, b->tag, TAG);
	if (!seal && !cipher_same(tag, b->tag, TAG)) {
		cipher_wipe(out, b->size);
		s = STATUS_DATA_ERROR;
	}
	cipher_wipe(key, sizeof key);
	cipher_wipe(root, sizeof root);
	cipher_wipe(&c, sizeof c);
	return s;
}

NTSTATUS
protect_seal(const struct protect *p, BYTE *out)
{
	struct blob *b = (struct blob *)(void *)out;
	BYTE *name = out + sizeof *b;
	*b = (struct blob){
		.version = 1, .form = FORM, .name_size = (DWORD)name_bytes(p->name), .size = p->size
	};
	memcpy(b->provider, provider, sizeof provider);
	host_random(b->salt, SALT);
	memcpy(name, p->name ? p->name : u"", b->name_size);
	return run(b, p, true, p->data, name + b->name_size);
}

NTSTATUS
protect_open(const struct protect *p, BYTE *data, DWORD *size, WCHAR **name)
{
	struct blob *b;
	const BYTE *in = p->data;
	if (p->size < sizeof *b)
		return STATUS_DATA_ERROR;
	/* a copy, for the tag is taken out of it, and the program may write to its own */
	if (!(b = malloc(p->size)))
		return STATUS_NO_MEMORY;
	memcpy(b, in, p->size);
	NTSTATUS s = STATUS_DATA_ERROR;
	if (b->version == 1 && !memcmp(b->provider, provider, sizeof provider) && b->form == FORM &&
	    b->name_size >= sizeof(WCHAR) && b->name_size % sizeof(WCHAR) == 0 &&
	    b->name_size <= (NAME_MOST + 1) * sizeof(WCHAR) &&
	    (uint64_t)sizeof *b + b->name_size + b->size == p->size) {
		BYTE *text = (BYTE *)(b + 1);
		s = run(b, p, false, text + b->name_size, data);
		*size = b->size;
		if (s >= 0 && name && !(*name = malloc(b->name_size)))
			s = STATUS_NO_MEMORY;
		if (s >= 0 && name) {
			memcpy(*name, text, b->name_size);
			(*name)[b->name_size / sizeof(WCHAR) - 1] = 0;
		}
	}
	free(b);
	return s;
}

/* -- memory ------------------------------------------------------------------------------------ */

NTSTATUS
protect_memory(void *p, size_t n, DWORD scope, bool hide)
{
	BYTE key[KEY], iv[PROTECT_BLOCK] = { 0 };
	struct cipher c;
	NTSTATUS s = STATUS_SUCCESS;
	if (!p || n % PROTECT_BLOCK || scope > 2)
		return STATUS_INVALID_PARAMETER;
	if (scope)
		s = machine_key(key);
	else
		process_key(key);
	if (s < 0)
		return s;
	digest_hkdf_expand(DIGEST_SHA256, key, KEY, "memory", 6, key, KEY);
	cipher_start(&c, CIPHER_AES, key, KEY, 0);
	cipher_run(&c, CIPHER_CBC, hide, iv, 0, p, p, n);
	cipher_wipe(key, sizeof key);
	cipher_wipe(&c, sizeof c);
	return STATUS_SUCCESS;
}
