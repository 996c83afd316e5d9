/* SPDX-License-Identifier: Apache-2.0 */
#include "layer/lang/help.h"

#include <stddef.h>

help_fn *
help_of(enum op op)
{
	help_fn *f = bulk_help(op);
	if (!f)
		f = aggregate_help(op);
	if (!f)
		f = atomic_help(op);
	return f ? f : lane_help(op);
}
