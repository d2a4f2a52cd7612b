// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What arrives on an uplink (tcx ingress). A packet for a pod of this node goes straight into that pod; all else, and whatever
 * cannot be read, goes on to the next program and to the stack. */
#include "lib/deliver.h"
#include "lib/program.h"

SEC("tcx/ingress")
int uplink_ingress(void *context)
{
	struct __sk_buff *skb = context;
	struct packet packet = {};
	struct pod *pod;
	int verdict;

	if (parse_packet(skb, &packet) != PARSE_IP)
		return TCX_NEXT;
	pod = pod_for(skb, &packet);
	if (!pod)
		return TCX_NEXT;
	verdict = deliver_to_pod(skb, pod, DELIVERED_FROM_UPLINK, AT_TC_INGRESS);
	return verdict == TC_ACT_OK ? TCX_NEXT : verdict;
}
