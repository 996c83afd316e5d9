/* job.h -- job objects: groups of processes with limits, that end together.
 *
 * The group is in the machine's shared memory: a process' slot says which job it is in, and
 * its children are born into the same.  What a completion port is told comes from the
 * process that has the job open: of the members that it made or assigned.
 */
#ifndef LAYER_API_NT_PROCESS_JOB_H
#define LAYER_API_NT_PROCESS_JOB_H

#include "layer/api/nt/object/object.h"
#include "layer/api/nt/status.h"

extern const struct object_class job_class;

struct job;
struct process;
struct shared_process;

/* Layouts of the documentation: JOBOBJECT_BASIC_LIMIT_INFORMATION and what contains it. */
struct JOBOBJECT_BASIC_LIMIT_INFORMATION {
	LONGLONG PerProcessUserTimeLimit, PerJobUserTimeLimit;
	DWORD LimitFlags;
	SIZE_T MinimumWorkingSetSize, MaximumWorkingSetSize;
	DWORD ActiveProcessLimit;
	ULONG_PTR Affinity;
	DWORD PriorityClass, SchedulingClass;
};

struct IO_COUNTERS {
	ULONGLONG ReadOperationCount, WriteOperationCount, OtherOperationCount;
	ULONGLONG ReadTransferCount, WriteTransferCount, OtherTransferCount;
};

struct JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
	struct JOBOBJECT_BASIC_LIMIT_INFORMATION BasicLimitInformation;
	struct IO_COUNTERS IoInfo;
	SIZE_T ProcessMemoryLimit, JobMemoryLimit, PeakProcessMemoryUsed, PeakJobMemoryUsed;
};

struct JOBOBJECT_BASIC_ACCOUNTING_INFORMATION {
	LONGLONG TotalUserTime, TotalKernelTime, ThisPeriodTotalUserTime, ThisPeriodTotalKernelTime;
	DWORD TotalPageFaultCount, TotalProcesses, ActiveProcesses, TotalTerminatedProcesses;
};

enum {
	JOB_LIMIT_ACTIVE_PROCESS = 8,
	JOB_LIMIT_BREAKAWAY_OK = 0x800,
	JOB_LIMIT_SILENT_BREAKAWAY_OK = 0x1000,
	JOB_LIMIT_KILL_ON_CLOSE = 0x2000,
};

NTSTATUS job_new(const WCHAR *name, struct object **out);       /* ..._NAME_EXISTS: opened */
NTSTATUS job_open(const WCHAR *name, struct object **out);
struct object *job_object(struct job *j);
NTSTATUS job_assign(struct job *j, struct process *p);
NTSTATUS job_terminate(struct job *j, uint32_t code);
bool job_has(struct job *j, const struct shared_process *p);    /* j NULL: any job */
/* Classes of SetInformationJobObject and QueryInformationJobObject.  j NULL: the caller's own. */
NTSTATUS job_set(struct job *j, int class, const void *data, ULONG n);
NTSTATUS job_query(struct job *j, int class, void *out, ULONG n, ULONG *done);

/* process.c's and process_new.c's */
void job_member_ended(struct job *j, struct process *p, uint32_t code);
void job_member_new(struct job *j, uint32_t id);
void job_other_ended(void);             /* another process, which may have been killed */
void job_process_ends(void);            /* we do: jobs that end with their last handle */
/* May the calling process' job have one more?  Breaking away is asked for or not. */
NTSTATUS job_admit(struct shared_process *child, bool breakaway);

#endif
