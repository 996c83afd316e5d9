/* path_system.h -- what is on a Windows disk before anybody writes to it.
 *
 * It is made when somebody looks: a folder when a path leads through it, and all that is in it
 * when a path leads to it, so that whoever lists it finds it whole.  Most programs never look.
 */
#ifndef LAYER_API_NT_FILE_PATH_SYSTEM_H
#define LAYER_API_NT_FILE_PATH_SYSTEM_H

#include "layer/api/nt/types.h"

/* A path on C: is looked at: root is the drive's folder of the host, and rest the way from there
 * without a slash at either end ("" is the root itself).  Any thread; takes no lock. */
void path_system(const char *root, const char *rest);

/* One of the programs of System32 that are commands of our own cmd. */
bool path_system_tool(const WCHAR *path);

#endif
