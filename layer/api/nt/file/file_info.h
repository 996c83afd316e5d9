/* file_info.h -- the classes of NtQueryInformationFile and NtSetInformationFile.
 *
 * The layouts are those of MS-FSCC 2.4.  A class that is not here is STATUS_INVALID_INFO_CLASS;
 * Win32's GetFileInformationByHandleEx asks the same ones.
 */
#ifndef LAYER_API_NT_FILE_FILE_INFO_H
#define LAYER_API_NT_FILE_FILE_INFO_H

#include "layer/api/nt/file/file.h"

enum file_class {
	FileDirectoryInformation = 1,
	FileBasicInformation = 4,
	FileStandardInformation = 5,
	FileInternalInformation = 6,
	FileEaInformation = 7,
	FileAccessInformation = 8,
	FileNameInformation = 9,
	FileRenameInformation = 10,
	FileLinkInformation = 11,
	FileDispositionInformation = 13,
	FilePositionInformation = 14,
	FileModeInformation = 16,
	FileAlignmentInformation = 17,
	FileAllInformation = 18,
	FileAllocationInformation = 19,
	FileEndOfFileInformation = 20,
	FileAlternateNameInformation = 21,
	FileStreamInformation = 22,
	FilePipeInformation = 23,
	FilePipeLocalInformation = 24,
	FilePipeRemoteInformation = 25,
	FileCompressionInformation = 28,
	FileCompletionInformation = 30,
	FileNetworkOpenInformation = 34,
	FileAttributeTagInformation = 35,
	FileValidDataLengthInformation = 39,
	FileIoCompletionNotificationInformation = 41,
	FileIoPriorityHintInformation = 43,
	FileNormalizedNameInformation = 48,
	FileStandardLinkInformation = 54,
	FileIdInformation = 59,
	FileDispositionInformationEx = 64,
	FileRenameInformationEx = 65,
	FileStatInformation = 68,
	FileLinkInformationEx = 72,
	FileCaseSensitiveInformation = 71,
};

NTSTATUS file_info_query(struct file *f, ULONG class, void *out, ULONG n, ULONG_PTR *done);
NTSTATUS file_info_set(struct file *f, ULONG class, const void *in, ULONG n);
/* FileFsVolumeInformation ... */
NTSTATUS file_info_volume(struct file *f, ULONG class, void *out, ULONG n, ULONG_PTR *done);

struct FILE_BASIC_INFORMATION {
	int64_t CreationTime, LastAccessTime, LastWriteTime, ChangeTime;
	ULONG FileAttributes;
};

struct FILE_NETWORK_OPEN_INFORMATION {
	int64_t CreationTime, LastAccessTime, LastWriteTime, ChangeTime, AllocationSize, EndOfFile;
	ULONG FileAttributes;
};

struct file_facts;
void file_info_basic(const struct file_facts *facts, struct FILE_BASIC_INFORMATION *out);
void file_info_network(const struct file_facts *facts, struct FILE_NETWORK_OPEN_INFORMATION *out);

#endif
