// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a pod sends, on the host side of its link: clsact ingress of a veth, or where a netkit takes it over. A packet must come
 * from an address of that link; then, if it is for a pod of this node, it goes straight into that pod, and anything else goes to
 * the stack, which routes it. Besides IP a pod may send ARP; neighbour discovery and MLD come from link-local addresses and are for
 * the stack alone. */
#include "lib/deliver.h"
#include "lib/neighbor_discovery.h"
#include "lib/program.h"

static __always_inline int may_send_from(__u32 ifindex, const struct ip_addr *source)
{
	struct pod_source_key key = {.ifindex = ifindex, .address = *source};

	return bpf_map_lookup_elem(&pod_sources, &key) != NULL;
}

static __always_inline int pod_sends(struct __sk_buff *skb, enum place place)
{
	struct packet packet = {};
	struct pod *pod;

	switch (parse_packet(skb, &packet)) {
	case PARSE_IP:
		break;
	case PARSE_OTHER:
		/* Anything else would be a way around the check below (a tag in a tag), or ichor's own frames forged. */
		return skb->protocol == bpf_htons(ETHERTYPE_ARP) ? TC_ACT_OK : drop_packet(DROP_FOREIGN_PROTOCOL);
	default:
		return drop_packet(DROP_MALFORMED);
	}
	if (!may_send_from(skb->ifindex, &packet.source)) {
		if (source_is_link_scoped(&packet) && is_host_discovery(skb, &packet))
			return TC_ACT_OK;
		return drop_packet(DROP_FOREIGN_SOURCE);
	}
	pod = pod_for(skb, &packet);
	return pod ? deliver_to_pod(skb, pod, DELIVERED_FROM_POD, place) : TC_ACT_OK;
}

SEC("tc")
int pod_egress(void *context)
{
	return pod_sends(context, AT_TC_INGRESS);
}

/* The device in the packet is the host's end already, as at its tc ingress. */
SEC("netkit/peer")
int netkit_egress(void *context)
{
	return pod_sends(context, AT_NETKIT);
}
