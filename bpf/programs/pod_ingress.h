/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is sent to a pod, on the host side of its link (clsact egress): the node's own packets, those that
 * were too big for the short way, and those that came from a netkit link. Packets that deliver_to_pod redirects at tc ingress do
 * not pass here. */
#ifndef ICHOR_PROGRAMS_POD_INGRESS_H
#define ICHOR_PROGRAMS_POD_INGRESS_H

#include "lib/pod_calls.h"
#include "lib/verdict.h"

SEC("tc")
int pod_ingress(void *context)
{
	struct __sk_buff *skb = context;
	struct packet packet = {};

	if (skb->tc_index != ALREADY_COUNTED)
		count_delivery(DELIVERED_BY_STACK);
	skb->tc_index = 0;
	if (parse_skb(skb, &packet) == PARSE_IP && answer_call(skb, &packet))
		return drop_packet(DROP_MALFORMED);
	return TC_ACT_OK;
}

#endif
