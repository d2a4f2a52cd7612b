/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The last step of a packet for a pod of this node: straight to its link. */
#ifndef ICHOR_LIB_DELIVER_H
#define ICHOR_LIB_DELIVER_H

#include "lib/skb.h"
#include "lib/verdict.h"
#include "maps/direct_delivery.h"
#include "maps/pods.h"

#define PACKET_FOR_US 0 /* skb->pkt_type: PACKET_HOST of linux/if_packet.h */

/* Whether the frame was meant for this node; else it is the stack's business. */
static __always_inline int is_for_this_node(const struct __sk_buff *skb)
{
	return skb->pkt_type == PACKET_FOR_US && !skb->vlan_present;
}

static __always_inline const struct direct_delivery *delivery_settings(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&direct_delivery, &only);
}

/* With no such prefix: every address. */
static __always_inline int is_in_pod_network(const struct direct_delivery *delivery, const struct ip_addr *address, __u32 is_v6)
{
	const __be32 *words = address->words_be;
	const __be32 *network = delivery->pod_network[is_v6 & 1].words_be;
	const __be32 *mask = delivery->pod_mask[is_v6 & 1].words_be;

	return (words[3] & mask[3]) == network[3] && (words[0] & mask[0]) == network[0] && (words[1] & mask[1]) == network[1] &&
	       (words[2] & mask[2]) == network[2];
}

/* As before, but without such a prefix: none. */
static __always_inline int is_surely_in_pod_network(const struct direct_delivery *delivery, const struct ip_addr *address,
						    __u32 is_v6)
{
	return delivery->pod_mask[is_v6 & 1].words_be[is_v6 ? 0 : 3] && is_in_pod_network(delivery, address, is_v6);
}

static __always_inline int is_own_bit_set(const struct direct_delivery *delivery, const struct ip_addr *address)
{
	__u32 bit = own_address_bit(address);

	return delivery->own_addresses[bit / 64] >> (bit % 64) & 1;
}

/* Null: no pod of this node has the packet's destination. Most others can be told without a look among the pods. */
static __always_inline struct pod *pod_of(const struct packet *packet)
{
	const struct direct_delivery *delivery = delivery_settings();

	if (!delivery)
		return NULL;
	if (!is_in_pod_network(delivery, &packet->destination, packet->is_v6) &&
	    !((delivery->flags & DELIVERY_PODS_ELSEWHERE) && is_own_bit_set(delivery, &packet->destination)))
		return NULL;
	return bpf_map_lookup_elem(&pods, &packet->destination);
}

/* A hop limit of 255 is what neighbour discovery trusts (RFC 4861 section 3.1): "from my own link". Direct delivery keeps it, so
 * that whatever may hold such a message, behind extension headers too, goes by the stack, which takes one off. */
static __always_inline int claims_own_link(const struct packet *packet)
{
	return packet->hop_limit == 255 && packet->is_v6 && packet->next_header != PROTOCOL_TCP &&
	       packet->next_header != PROTOCOL_UDP;
}

static __always_inline int goes_by_stack(const struct direct_delivery *delivery, enum delivery from, const struct packet *packet)
{
	return delivery->by_stack >> way_bit(from, packet->is_v6) & 1;
}

/* Where a program runs decides how a packet goes on from there. */
enum place {
	AT_TC_INGRESS, /* one step into the pod, past its host side */
	AT_NETKIT,     /* by the host side of the pod, and so by pod_ingress */
};

/* TC_ACT_REDIRECT, or TC_ACT_OK where the stack has to answer: it says "too big" to the sender, or that the link is gone.
 * The TTL stays: delivery on the node is no hop. */
static __always_inline int deliver_to_pod(struct __sk_buff *skb, const struct pod *pod, enum delivery way, enum place place)
{
	const struct pod *aligned = __builtin_assume_aligned(pod, 4); /* or the compiler copies byte by byte */
	struct ether_mac macs[2] __attribute__((aligned(4))) = {aligned->pod_mac, aligned->host_mac};
	__u32 mtu = 0;

	if (bpf_check_mtu(skb, pod->ifindex, &mtu, 0, BPF_MTU_CHK_SEGS))
		return TC_ACT_OK;
	/* Not by direct access: that would unshare the header of every clone at entry, also of those that go on to the stack. */
	if (bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0))
		return TC_ACT_OK;
	count_delivery(way);
	if (place == AT_TC_INGRESS)
		return bpf_redirect_peer(pod->ifindex, 0);
	skb->tc_index = ALREADY_COUNTED;
	return bpf_redirect(pod->ifindex, 0);
}

#endif
