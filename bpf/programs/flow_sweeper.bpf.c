// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ends flows that are overdue, with or without an agent: a timer that the agent starts once, and that goes on as long as the maps
 * are pinned. */
#include "lib/flow_sweeper.h"
#include "lib/program.h"

/* By BPF_PROG_TEST_RUN, after each load: a callback belongs to the programs that set it. */
SEC("syscall")
int start_flow_sweeper(void *context)
{
	__u32 only = 0;
	struct flow_sweeper *sweeper = bpf_map_lookup_elem(&flow_sweeper, &only);

	(void)context;
	return sweeper ? sweeper_start(sweeper) : -ENOENT;
}
