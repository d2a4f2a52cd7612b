/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is inside, and so sees pods' own addresses, and who is not. */
#ifndef ICHOR_LIB_WORLD_H
#define ICHOR_LIB_WORLD_H

#include "abi/direct_delivery.h"
#include "lib/config.h"
#include "lib/parse.h"
#include "maps/masquerade.h"
#include "maps/pods.h"

/* Remembers the answer where it is yes. */
verified_alone int look_up_unmasqueraded(const struct ip_addr *address __arg_nonnull)
{
	__u32 slot = own_address_bit(address) % RECENTLY_INSIDE_ENTRIES;
	struct recently_inside *recent = bpf_map_lookup_elem(&recently_inside, &slot);
	struct unmasqueraded_key key = {.prefix_length = 128, .address = *address};

	if (!bpf_map_lookup_elem(&unmasqueraded, &key))
		return 0;
	if (recent) {
		recent->address = *address;
		recent->until_jiffies = bpf_jiffies64() + RECENTLY_INSIDE_JIFFIES;
	}
	return 1;
}

/* Sees pods' own addresses: a pod, a node, or what is configured. */
static __always_inline int is_unmasqueraded(const struct ip_addr *address)
{
	__u32 slot = own_address_bit(address) % RECENTLY_INSIDE_ENTRIES;
	struct recently_inside *recent = bpf_map_lookup_elem(&recently_inside, &slot);

	if (recent && ip_addr_equal(&recent->address, address) && bpf_jiffies64() < recent->until_jiffies)
		return 1;
	return look_up_unmasqueraded(address);
}

static __always_inline int is_nat_port(__be16 port_be)
{
	return is_in_ports(port_be, datapath_config.first_nat_port, datapath_config.last_nat_port);
}

/* From a pod to who must not see its address. */
static __always_inline int is_for_world(const struct packet *packet)
{
	return !is_unmasqueraded(&packet->destination) && bpf_map_lookup_elem(&pods, &packet->source);
}

#endif
