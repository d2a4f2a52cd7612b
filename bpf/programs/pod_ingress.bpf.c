// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the stack sends to a pod, on the host side of its link (clsact egress): the node's own packets, and those that were too big
 * for the short way. Packets that deliver_to_pod redirects do not pass here. */
#include "lib/program.h"
#include "lib/verdict.h"

SEC("tc")
int pod_ingress(void *context)
{
	(void)context;
	count_delivery(DELIVERED_BY_STACK);
	return TC_ACT_OK;
}
