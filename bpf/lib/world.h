/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is inside, and so sees pods' own addresses, and who is not. */
#ifndef ICHOR_LIB_WORLD_H
#define ICHOR_LIB_WORLD_H

#include "lib/config.h"
#include "lib/parse.h"
#include "maps/masquerade.h"
#include "maps/pods.h"

static __always_inline int is_translating(void)
{
	return datapath_config.last_nat_port != 0;
}

/* Sees pods' own addresses: a pod, a node, or what is configured. */
static __always_inline int is_unmasqueraded(const struct ip_addr *address)
{
	struct unmasqueraded_key key = {.prefix_length = 128, .address = *address};

	return bpf_map_lookup_elem(&unmasqueraded, &key) != NULL;
}

static __always_inline int is_nat_port(__be16 port_be)
{
	__u16 port = bpf_ntohs(port_be);

	return port >= datapath_config.first_nat_port && port <= datapath_config.last_nat_port;
}

/* From a pod to who must not see its address. */
static __always_inline int is_for_world(const struct packet *packet)
{
	return !is_unmasqueraded(&packet->destination) && bpf_map_lookup_elem(&pods, &packet->source);
}

#endif
