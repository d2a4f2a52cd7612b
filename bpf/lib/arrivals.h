/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What comes from outside for a Service: may its sender, which backend, and the flows by which all further packets go. A backend of
 * this node sees the client's own address; one that is elsewhere sees the node's, so that its answers come back here. */
#ifndef ICHOR_LIB_ARRIVALS_H
#define ICHOR_LIB_ARRIVALS_H

#include "lib/affinity.h"
#include "lib/deliver.h"
#include "lib/nat_ports.h"
#include "lib/node_ports.h"
#include "lib/outside_source.h"
#include "maps/masquerade.h"

#define ARRIVAL_BACKENDS 4 /* that are tried when a client's port is taken with one */

/* Whether a packet for that address and port may be a Service's; most are not. */
static __always_inline int may_be_frontend(const struct ip_addr *address, __be16 port_be)
{
	__u32 bit = frontend_address_bit(address), word = bit / 64;
	__u64 *bits = bpf_map_lookup_elem(&frontend_addresses, &word);

	return is_node_port(port_be) || (bits && (*bits >> (bit % 64) & 1));
}

/* struct frontend's `arrivals`. */
static __always_inline __u32 frontend_for_arrivals(const struct flow_key *arriving)
{
	struct frontend_key key = {
		.address = arriving->destination, .port_be = arriving->destination_port_be, .protocol = arriving->protocol};
	struct frontend *frontend = bpf_map_lookup_elem(&frontend_sets, &key);
	struct node_address *node;

	if (frontend || !is_node_port(key.port_be))
		return frontend ? frontend->arrivals : 0;
	node = bpf_map_lookup_elem(&node_addresses, &key.address);
	if (!node || node->peer || node->callers)
		return 0;
	key = node_port_key(&arriving->destination, arriving->destination_port_be, arriving->protocol);
	frontend = bpf_map_lookup_elem(&frontend_sets, &key);
	return frontend ? frontend->arrivals : 0;
}

static __always_inline int is_in_source_ranges(__u32 set, const struct ip_addr *client)
{
	__u64 *hash = bpf_map_lookup_elem(&set_hashes, &set);
	struct source_range_key key = {.prefix_length = SOURCE_RANGE_SET_BITS + 128, .client = *client};

	if (!hash)
		return 0;
	key.set_hash[0] = *hash;
	key.set_hash[1] = *hash >> 32;
	return bpf_map_lookup_elem(&source_ranges, &key) != NULL;
}

/* The same wherever the packet arrives: another node that gets it, or this one when it has forgotten, chooses the same backend.
 * Each bit of what goes in reaches each that comes out (MurmurHash3's finalizer), since a remainder is taken. */
static __always_inline __u32 arrival_choice(const struct flow_key *arriving)
{
	const __be32 *words = arriving->source.words_be;
	__u64 mixed = (__u64)(words[0] ^ words[2]) << 32 | (words[1] ^ words[3]);

	mixed ^= (__u64)arriving->source_port_be << 32 | arriving->destination_port_be;
	mixed = (mixed ^ mixed >> 33) * 0xff51afd7ed558ccdULL;
	mixed = (mixed ^ mixed >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return mixed >> 32;
}

static __noinline __u32 arrival_slot(const struct ip_addr *client, __u32 set, service_handle handle, __u32 choice)
{
	struct arrival_affinity_key key = {.client = *client, .set = set};

	return affinity_slot(AFFINITY_OF_ARRIVAL, &key, set, handle, choice);
}

/* The uplink by which the backend is reached; 0: it is this node itself, or a pod of it; negative: by none. */
static __noinline int uplink_to(struct __sk_buff *skb, const struct flow_key *departing, __u32 is_v6)
{
	struct bpf_fib_lookup route = {.family = is_v6 ? FAMILY_IPV6 : FAMILY_IPV4, .ifindex = skb->ifindex};

	if (bpf_map_lookup_elem(&pods, &departing->destination))
		return 0;
	if (is_v6) {
		__builtin_memcpy(route.ipv6_src, &departing->source, sizeof(route.ipv6_src));
		__builtin_memcpy(route.ipv6_dst, &departing->destination, sizeof(route.ipv6_dst));
	} else {
		route.ipv4_src = departing->source.words_be[3];
		route.ipv4_dst = departing->destination.words_be[3];
	}
	switch (bpf_fib_lookup(skb, &route, sizeof(route), BPF_FIB_LOOKUP_SKIP_NEIGH)) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		return route.ifindex;
	case BPF_FIB_LKUP_RET_NOT_FWDED:
		return 0;
	default:
		return -1;
	}
}

/* What is sent on to a backend elsewhere gets the node's address there. 0: done, or not needed; else enum drop_reason. */
static __always_inline int open_source(struct __sk_buff *skb, const struct flow_key *departing, __u32 is_v6)
{
	int ifindex = uplink_to(skb, departing, is_v6);
	struct masquerade_uplink uplink = {.ifindex = ifindex, .is_v6 = is_v6};
	struct masquerade_source *source;
	__u32 port;

	if (!ifindex || flow_lookup(departing))
		return 0;
	source = ifindex > 0 ? bpf_map_lookup_elem(&masquerade_sources, &uplink) : NULL;
	if (!source)
		return DROP_NO_NAT_SOURCE;
	port = nat_port_find(skb, departing, &source->address, is_v6);
	if (!port)
		return DROP_NO_NAT_PORT;
	return flow_open(departing, &source->address, bpf_htons(port)) && !flow_lookup(departing) ? DROP_FLOWS_FULL : 0;
}

/* 0: the flow stands; else enum drop_reason. The source first: no packet of the flow leaves without one. */
static __always_inline int open_to(struct __sk_buff *skb, const struct flow_key *arriving, const struct backend *backend,
				   __u32 is_v6)
{
	struct flow_key departing = *arriving;
	int refused;
	long error;

	departing.destination = backend->address;
	departing.destination_port_be = backend->port_be;
	departing.way = FLOW_DEPARTS;
	refused = open_source(skb, &departing, is_v6);
	if (refused)
		return refused;
	error = flow_open(arriving, &backend->address, backend->port_be);
	if (!error || flow_lookup(arriving)) /* or another of its packets was quicker */
		return 0;
	return error == -EEXIST ? DROP_FLOW_CLASH : DROP_FLOWS_FULL;
}

static __always_inline int open_to_some(struct __sk_buff *skb, const struct flow_key *arriving, service_handle handle, __u32 choice,
					__u32 is_v6)
{
	int refused = DROP_STALE_BACKEND;

	for (__u32 i = 0; i < ARRIVAL_BACKENDS; ++i) {
		struct backend *backend = service_backend(handle, choice + i);

		if (!backend)
			return DROP_STALE_BACKEND;
		refused = open_to(skb, arriving, backend, is_v6);
		if (refused != DROP_FLOW_CLASH)
			return refused;
	}
	return refused;
}

static __always_inline int may_arrive(struct __sk_buff *skb, const struct packet *packet, __u32 arrivals)
{
	const struct direct_delivery *delivery = delivery_settings();

	if (is_martian_source(packet))
		return -1 - DROP_MARTIAN_SOURCE;
	if (!delivery || is_own_source(skb, delivery, packet))
		return -1 - DROP_OWN_SOURCE;
	if ((arrivals & FRONTEND_RESTRICTED) && !is_in_source_ranges(arrivals & ~FRONTEND_RESTRICTED, &packet->source))
		return -1 - DROP_SOURCE_RANGE;
	return 1;
}

/* 1: a Service's packet, and its flow stands; 0: no Service's; negative, -1 - enum drop_reason: it is refused. */
verified_alone int open_arrival(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
				const struct flow_key *arriving __arg_nonnull)
{
	struct __sk_buff *skb = context;
	__u32 arrivals = frontend_for_arrivals(arriving), set = arrivals & ~FRONTEND_RESTRICTED;
	__u32 choice = arrival_choice(arriving);
	service_handle handle;
	int verdict;

	if (!set)
		return 0;
	verdict = may_arrive(skb, packet, arrivals);
	if (verdict < 0)
		return verdict;
	handle = service_load(set);
	if (!service_handle_size(handle))
		return -1 - (handle & SERVICE_ELSEWHERE ? DROP_NO_LOCAL_ENDPOINT : DROP_NO_ENDPOINT);
	if (handle & SERVICE_AFFINITY)
		choice = arrival_slot(&arriving->source, set, handle, choice);
	verdict = open_to_some(skb, arriving, handle, choice, packet->is_v6);
	return verdict ? -1 - verdict : 1;
}

/* A UDP client may go on for ever from one port, so its flow leaves a backend that has left the Service. It stays with one that is
 * leaving. */
verified_alone int has_its_backend(const struct flow_key *arriving __arg_nonnull, const struct flow *flow __arg_nonnull)
{
	__u32 set = frontend_for_arrivals(arriving) & ~FRONTEND_RESTRICTED;
	service_handle handle = set ? service_load(set) : 0;
	__u32 slots = service_handle_size(handle), chosen = slots ? arrival_choice(arriving) % slots : 0;

	if (!set)
		return 1;
	handle = service_with_leaving(handle);
	return service_find_backend(handle, &flow->address, flow->port_be, chosen) != BACKEND_NOT_FOUND;
}

/* Whether a flow's backend is to be chosen anew with this packet: by a new connection from a port that was used before, and with
 * UDP from time to time. */
static __always_inline int is_outlived(const struct flow_key *arriving, const struct flow *flow, const struct transport *transport)
{
	if (!(flow->flags & FLOW_OPENER))
		return 0;
	if (transport->protocol == PROTOCOL_TCP)
		return flow->state != FLOW_NEW && is_first_of_connection(transport->tcp_flags);
	return bpf_ktime_get_coarse_ns() - flow->used_ns > FLOW_REFRESH_NS && !has_its_backend(arriving, flow);
}

#endif
