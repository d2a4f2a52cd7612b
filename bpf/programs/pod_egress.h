/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a pod sends, on the host side of its link: clsact ingress of a veth, or where a netkit takes it over. A packet must come
 * from an address of that link; then, if it is for a pod of this node, it goes straight into that pod, and anything else goes to
 * the stack, which routes it. What is for a Service still, since no socket program saw it, gets a backend's address first. Besides
 * IP a pod may send ARP; neighbour discovery and MLD come from link-local addresses and are for the stack alone. */
#ifndef ICHOR_PROGRAMS_POD_EGRESS_H
#define ICHOR_PROGRAMS_POD_EGRESS_H

#include "lib/arrivals.h"
#include "lib/deliver.h"
#include "lib/neighbor_discovery.h"

verified_alone int other_than_ip(void *context __arg_ctx)
{
	struct __sk_buff *skb = context;

	/* Anything else would be a way around the check of sources (a tag in a tag), or ichor's own frames forged. */
	if (skb->protocol != bpf_htons(ETHERTYPE_ARP))
		return drop_packet(DROP_FOREIGN_PROTOCOL);
	return is_arp_of_pod(skb) ? TC_ACT_OK : drop_packet(DROP_FOREIGN_NEIGHBOR);
}

verified_alone int from_other_source(void *context __arg_ctx, const struct packet *packet __arg_nonnull, __u32 discovery)
{
	if (!source_is_link_scoped(packet))
		return drop_packet(DROP_FOREIGN_SOURCE);
	if (discovery == DISCOVERY_ALLOWED || is_mld_of_host(context, packet))
		return TC_ACT_OK;
	return drop_packet(discovery == DISCOVERY_FOREIGN ? DROP_FOREIGN_NEIGHBOR : DROP_FOREIGN_SOURCE);
}

static __always_inline int pod_to_pod(struct __sk_buff *skb, const struct packet *packet, const struct pod *pod, enum place place)
{
	const struct direct_delivery *delivery = delivery_settings();

	if (!delivery || goes_by_stack(delivery, DELIVERED_FROM_POD, packet) || claims_own_link(packet))
		return TC_ACT_OK;
	if (answer_call(skb, packet))
		return drop_packet(DROP_MALFORMED);
	return deliver_to_pod(skb, pod, DELIVERED_FROM_POD, place);
}

static __always_inline int from_pod(struct __sk_buff *skb, struct packet *packet, enum place place)
{
	struct pod *pod = pod_of(packet);
	int arrival;

	if (!pod && is_translating()) {
		arrival = arrive(skb, packet, CLIENT_POD);
		if (arrival == ARRIVAL_TRANSLATED)
			pod = pod_of(packet);
		else if (arrival != ARRIVAL_AS_IT_WAS)
			return end_arrival(skb, packet, arrival);
	}
	return pod ? pod_to_pod(skb, packet, pod, place) : TC_ACT_OK;
}

static __always_inline int pod_sends(struct __sk_buff *skb, enum place place)
{
	struct packet packet = {};
	enum discovery discovery;

	switch (parse_skb(skb, &packet)) {
	case PARSE_IP:
		break;
	case PARSE_OTHER:
		return other_than_ip(skb);
	case PARSE_MAPPED:
		return drop_packet(DROP_MAPPED_ADDRESS);
	default:
		return drop_packet(DROP_MALFORMED);
	}
	discovery = discovery_of(skb, &packet);
	if (!is_of_link(skb->ifindex, &packet.source))
		return from_other_source(skb, &packet, discovery);
	if (discovery == DISCOVERY_FOREIGN)
		return drop_packet(DROP_FOREIGN_NEIGHBOR);
	return is_for_this_node(skb) ? from_pod(skb, &packet, place) : TC_ACT_OK;
}

SEC("tc")
int pod_egress(void *context)
{
	return pod_sends(context, AT_TC_INGRESS);
}

/* The device in the packet is the host's end already, as at its tc ingress. What sent the packet said what protocol it is, and its
 * frame may say otherwise to the pod that it is redirected to. */
SEC("netkit/peer")
int netkit_egress(void *context)
{
	struct __sk_buff *skb = context;
	struct frame frame = readable_frame(skb, ETHER_HEADER_SIZE);
	struct ethhdr *ethernet = frame.data;

	if ((void *)(ethernet + 1) > frame.data_end || ethernet->h_proto != skb->protocol)
		return drop_packet(DROP_MALFORMED);
	return pod_sends(skb, AT_NETKIT);
}

#endif
