/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Finds a port of the node's for a flow that gets its address: random start and random odd step, so that a nearly full range costs
 * little. The range is walked as if it were a power of two, since all of that, and of no other size, is met by any odd step. Of UDP
 * the start follows from the pod's own port, so that all its destinations see the same one as long as none of them has it already
 * (RFC 4787, endpoint-independent mapping). */
#ifndef ICHOR_LIB_NAT_PORTS_H
#define ICHOR_LIB_NAT_PORTS_H

#include "abi/direct_delivery.h"
#include "lib/config.h"
#include "lib/kernel_connections.h"
#include "maps/masquerade.h"

#define NAT_PORT_PROBES 1024
#define NAT_PORT_PROBES_CROWDED 16
#define NAT_PORT_SOCKETS 4 /* ports found free that the node itself may turn out to have */

struct nat_port_search {
	struct flow_key wanted; /* of what would arrive; the port is tried out in it */
	struct __sk_buff *skb;
	__u32 next, step;
	__u32 span, mask; /* the last place of the power of two */
	__u32 is_v6;
	__u32 sockets; /* of the node's that had a port which was found free */
	__u32 found;
};

static __always_inline __u32 nat_port_span(void)
{
	return datapath_config.last_nat_port - datapath_config.first_nat_port + 1;
}

/* The least power of two that is not below it, less one. */
static __always_inline __u32 mask_for(__u32 span)
{
	__u32 mask = span - 1;

	mask |= mask >> 1;
	mask |= mask >> 2;
	mask |= mask >> 4;
	return mask | mask >> 8;
}

/* Somebody on the node itself has that connection, or listens there; or the kernel has given the port to one that it translates. */
verified_alone int is_port_of_node(void *skb __arg_ctx, const struct flow_key *arriving __arg_nonnull, __u32 is_v6)
{
	struct kernel_tuple_v4 v4;
	struct bpf_sock_tuple *tuple = kernel_tuple(arriving, is_v6, &v4);
	__u32 size = kernel_tuple_size(is_v6);
	struct bpf_sock *sock;

	if (arriving->protocol == PROTOCOL_TCP)
		sock = bpf_skc_lookup_tcp(skb, tuple, size, BPF_F_CURRENT_NETNS, 0);
	else if (arriving->protocol == PROTOCOL_UDP)
		sock = bpf_sk_lookup_udp(skb, tuple, size, BPF_F_CURRENT_NETNS, 0);
	else
		return 0;
	if (!sock)
		return is_kernel_translating() && kernel_connection(skb, arriving, is_v6);
	bpf_sk_release(sock);
	return 1;
}

static long nat_port_try(__u32 probe, struct nat_port_search *search)
{
	__u32 place = search->next;

	(void)probe;
	search->next = (place + search->step) & search->mask;
	if (place >= search->span)
		return 0;
	search->wanted.destination_port_be = bpf_htons(datapath_config.first_nat_port + place);
	if (flow_lookup(&search->wanted))
		return 0;
	search->found = !is_port_of_node(search->skb, &search->wanted, search->is_v6);
	return search->found || ++search->sockets == NAT_PORT_SOCKETS;
}

static __always_inline __u32 mixed(const struct flow_key *key)
{
	__u32 hash = key->source.words_be[0] ^ key->source.words_be[1] ^ key->source.words_be[2] ^ key->source.words_be[3];

	hash = (hash ^ key->source_port_be) * 0x9e3779b1U;
	return hash ^ hash >> 16;
}

static __always_inline struct crowded_destination *crowded_slot(const struct flow_key *arriving)
{
	__u32 index = (own_address_bit(&arriving->source) ^ arriving->source_port_be) % CROWDED_DESTINATIONS;

	return bpf_map_lookup_elem(&crowded_destinations, &index);
}

static __always_inline int is_crowded_destination(const struct flow_key *arriving)
{
	const struct crowded_destination *crowded = crowded_slot(arriving);

	return crowded && crowded->port_be == arriving->source_port_be && crowded->protocol == arriving->protocol &&
	       ip_addr_equal(&crowded->address, &arriving->source) && bpf_ktime_get_coarse_ns() < crowded->until_ns;
}

static __always_inline void note_crowded(const struct flow_key *arriving)
{
	struct crowded_destination *crowded = crowded_slot(arriving);

	if (!crowded)
		return;
	crowded->address = arriving->source;
	crowded->port_be = arriving->source_port_be;
	crowded->protocol = arriving->protocol;
	crowded->until_ns = bpf_ktime_get_coarse_ns() + CROWDED_DESTINATION_NS;
}

/* The port, or 0. `departing` opens the flow, `address` will be its source. */
verified_alone int nat_port_find(void *context __arg_ctx, const struct flow_key *departing __arg_nonnull,
				 const struct ip_addr *address __arg_nonnull, __u32 is_v6)
{
	struct nat_port_search search = {
		.skb = context, .span = nat_port_span(), .mask = mask_for(nat_port_span()), .is_v6 = is_v6};
	__u32 probes = NAT_PORT_PROBES;
	__u32 start;

	start = departing->protocol == PROTOCOL_UDP ? mixed(departing) : bpf_get_prandom_u32();
	search.wanted = (struct flow_key){.source = departing->destination,
					  .destination = *address,
					  .source_port_be = departing->destination_port_be,
					  .protocol = departing->protocol,
					  .way = FLOW_ARRIVES};
	search.next = start % search.span;
	search.step = bpf_get_prandom_u32() | 1;
	if (is_crowded_destination(&search.wanted))
		probes = NAT_PORT_PROBES_CROWDED;
	bpf_loop(probes, nat_port_try, &search, 0);
	if (search.found)
		return bpf_ntohs(search.wanted.destination_port_be);
	if (probes == NAT_PORT_PROBES)
		note_crowded(&search.wanted);
	return 0;
}

#endif
