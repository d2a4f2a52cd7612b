/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Whose a packet is by the address and port that it is for: which Service's, and whether its sender may call that. */
#ifndef ICHOR_LIB_FRONTENDS_H
#define ICHOR_LIB_FRONTENDS_H

#include "lib/flows.h"
#include "lib/node_ports.h"

enum client {
	CLIENT_OUTSIDE, /* by an uplink */
	CLIENT_POD,	/* of this node, by packets that no socket program translated */
};

/* Whether a packet for that address and port may be a Service's; most are not. */
static __always_inline int may_be_frontend(const struct ip_addr *address, __be16 port_be)
{
	__u32 bit = frontend_address_bit(address), word = bit / 64;
	__u64 *bits = bpf_map_lookup_elem(&frontend_addresses, &word);

	return is_node_port(port_be) || (bits && (*bits >> (bit % 64) & 1));
}

/* A peer is left to choose among its own backends where the policy is Local. */
static __always_inline int is_served_here(const struct node_address *node, const struct frontend *frontend, enum client client)
{
	if (node->callers || (node->peer && client == CLIENT_OUTSIDE))
		return 0;
	return !node->peer || !(service_load(frontend_set(frontend->callers)) & SERVICE_EXTERNAL_LOCAL);
}

/* Null: no Service's. */
static __always_inline struct frontend *frontend_of(const struct flow_key *call, enum client client)
{
	struct frontend_key key = {.address = call->destination, .port_be = call->destination_port_be, .protocol = call->protocol};
	struct frontend *frontend = bpf_map_lookup_elem(&frontend_sets, &key);
	struct node_address *node;

	if (frontend || !is_node_port(key.port_be))
		return frontend;
	node = bpf_map_lookup_elem(&node_addresses, &key.address);
	key = node_port_key(&call->destination, call->destination_port_be, call->protocol);
	frontend = node ? bpf_map_lookup_elem(&frontend_sets, &key) : NULL;
	return frontend && is_served_here(node, frontend, client) ? frontend : NULL;
}

/* 0: it is not for such clients. */
static __always_inline __u32 set_for(const struct frontend *frontend, enum client client)
{
	return frontend_set(client == CLIENT_POD ? frontend->callers : frontend->arrivals);
}

/* Whether the address is Services' alone, so that nobody but they answers there. */
static __always_inline int is_service_address(const struct ip_addr *address, enum client client)
{
	struct frontend_key key = {.address = *address};
	struct frontend *alone = bpf_map_lookup_elem(&frontend_sets, &key);

	return alone && (client == CLIENT_POD ? alone->callers : alone->arrivals);
}

/* Ranges are those of the set for arrivals, whoever calls. */
static __always_inline int is_in_source_ranges(const struct frontend *frontend, const struct ip_addr *client)
{
	__u32 set = frontend_set(frontend->arrivals);
	__u64 *hash = bpf_map_lookup_elem(&set_hashes, &set);
	struct source_range_key key = {.prefix_length = SOURCE_RANGE_SET_BITS + 128, .client = *client};

	if (!hash)
		return 0;
	key.set_hash[0] = *hash;
	key.set_hash[1] = *hash >> 32;
	return bpf_map_lookup_elem(&source_ranges, &key) != NULL;
}

#endif
