/* file_volume.h -- the names of volumes.
 *
 * A volume is a drive of the machine: what is asked of one is asked of the host's file system
 * behind the drive's root.
 */
#ifndef LAYER_API_NT_FILE_FILE_VOLUME_H
#define LAYER_API_NT_FILE_FILE_VOLUME_H

#include "layer/api/nt/types.h"

/* "Volume{GUID}" of a drive. */
void file_volume_name(WCHAR letter, WCHAR out[49]);

#endif
