/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* NodePorts: one frontend for each port, whatever node's address is called. */
#ifndef ICHOR_LIB_NODE_PORTS_H
#define ICHOR_LIB_NODE_PORTS_H

#include "lib/config.h"
#include "lib/services.h"

/* Calls of other ports, which are most, pay for this comparison alone. */
static __always_inline int is_node_port(__be16 port_be)
{
	return is_in_ports(port_be, datapath_config.first_node_port, datapath_config.last_node_port);
}

/* The key of a NodePort's frontend, whichever of the family's addresses is called. */
static __always_inline struct frontend_key node_port_key(const struct ip_addr *called, __be16 port_be, __u8 protocol)
{
	struct frontend_key key = {.port_be = port_be, .protocol = protocol, .node_port = 1};

	if (ip_addr_is_v4(called))
		key.address = ip_addr_from_v4(0);
	return key;
}

#endif
