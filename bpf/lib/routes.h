/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel's routes say of an address. */
#ifndef ICHOR_LIB_ROUTES_H
#define ICHOR_LIB_ROUTES_H

#include "lib/address.h"
#include "maps/pods.h"

#define FAMILY_IPV4 2 /* AF_INET, AF_INET6: macros are not in vmlinux.h */
#define FAMILY_IPV6 10

/* The link by which packets from `source` (null: anybody) go there; 0: to a pod of this node, to the node itself, or nowhere for
 * want of a route; negative: refused by one. A function of its own, so that no caller has its stack. */
static __noinline int uplink_to(struct __sk_buff *skb, const struct ip_addr *source, const struct ip_addr *destination)
{
	struct bpf_fib_lookup route = {.family = FAMILY_IPV4, .ifindex = skb->ifindex};

	if (bpf_map_lookup_elem(&pods, destination))
		return 0;
	if (ip_addr_is_v4(destination)) {
		route.ipv4_src = source ? source->words_be[3] : 0;
		route.ipv4_dst = destination->words_be[3];
	} else {
		route.family = FAMILY_IPV6;
		if (source)
			__builtin_memcpy(route.ipv6_src, source, sizeof(route.ipv6_src));
		__builtin_memcpy(route.ipv6_dst, destination, sizeof(route.ipv6_dst));
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

#endif
