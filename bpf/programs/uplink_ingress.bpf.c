// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What arrives on an uplink (tcx ingress). A packet for a pod of this node goes straight into that pod; all else, and whatever
 * cannot be read, goes on to the next program and to the stack. */
#include "lib/deliver.h"
#include "lib/outside_source.h"
#include "lib/program.h"

static __always_inline int to_pod(struct __sk_buff *skb, const struct packet *packet, const struct pod *pod)
{
	const struct direct_delivery *delivery = delivery_settings();

	if (!delivery || claims_own_link(packet))
		return TC_ACT_OK;
	if (is_martian_source(packet))
		return drop_packet(DROP_MARTIAN_SOURCE);
	if (is_own_source(skb, delivery, packet))
		return drop_packet(DROP_OWN_SOURCE);
	if (goes_by_stack(delivery, DELIVERED_FROM_UPLINK, packet))
		return TC_ACT_OK;
	return deliver_to_pod(skb, pod, DELIVERED_FROM_UPLINK, AT_TC_INGRESS);
}

SEC("tcx/ingress")
int uplink_ingress(void *context)
{
	struct __sk_buff *skb = context;
	struct packet packet = {};
	struct pod *pod;
	int verdict;

	switch (parse_skb(skb, &packet)) {
	case PARSE_IP:
		break;
	case PARSE_MAPPED:
		return drop_packet(DROP_MAPPED_ADDRESS);
	default:
		return TCX_NEXT;
	}
	pod = pod_for(skb, &packet);
	if (!pod)
		return TCX_NEXT;
	verdict = to_pod(skb, &packet, pod);
	return verdict == TC_ACT_OK ? TCX_NEXT : verdict;
}
