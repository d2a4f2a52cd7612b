/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NodePorts: one frontend for each port, whatever node's address is called. Called by lib/socket.h. */
#ifndef ICHOR_LIB_NODE_PORTS_H
#define ICHOR_LIB_NODE_PORTS_H

#include "lib/config.h"
#include "lib/services.h"

/* Calls of other ports, which are most, pay for this comparison alone. */
static __always_inline int is_node_port(__be16 port_be)
{
	__u16 port = bpf_ntohs(port_be);

	return port >= datapath_config.first_node_port && port <= datapath_config.last_node_port;
}

/* The set for this socket; 0: the address is no node's, the port no Service's, or a peer is to choose. */
static __noinline __u32 node_port_for_callers(struct bpf_sock_addr *ctx, const struct ip_addr *address, __be16 port_be)
{
	struct node_address *node = bpf_map_lookup_elem(&node_addresses, address);
	struct frontend_key key = {.port_be = port_be, .protocol = ctx->protocol, .node_port = 1};
	__u32 set;

	if (!node || (node->callers && node->callers != bpf_get_netns_cookie(ctx)))
		return 0;
	if (ip_addr_is_v4(address))
		key.address = ip_addr_from_v4(0);
	set = frontend_for_callers(&key);
	if (set && node->peer && (service_load(set) & SERVICE_EXTERNAL_LOCAL))
		return 0;
	return set;
}

#endif
