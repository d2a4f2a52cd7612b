/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What may go straight into a pod, past the node's own stack, and what the programs then have to check in its place. */
#ifndef ICHOR_ABI_DIRECT_DELIVERY_H
#define ICHOR_ABI_DIRECT_DELIVERY_H

#include "drop_reasons.h"
#include "types.h"

/* Bits of `by_stack`: 1 << way_bit(). All zero, as a new map is: everything goes directly. */
static inline __u32 way_bit(enum delivery from, __u32 is_v6)
{
	return from * 2 + is_v6;
}

#define OWN_ADDRESS_BITS 4096

#define DELIVERY_PODS_ELSEWHERE (1U << 0)    /* some of this node's pods have addresses outside of pod_network */
#define DELIVERY_KERNEL_TRANSLATES (1U << 1) /* somebody's rules do, kube-proxy's: what they have opened is left to them */

/* Map `direct_delivery`, mmapable array of one. */
struct direct_delivery {
	__u32 by_stack;
	__u32 flags; /* DELIVERY_* */
	/* By family, IPv4 first: where this node's pods have their addresses. No such prefix: all zero. */
	struct ip_addr pod_network[2];
	struct ip_addr pod_mask[2];
	/* Bits by own_address_bit() of the node's addresses, and of pods outside of those prefixes: a source whose bit is not set
	 * is none of them. The programs ask for certainty only where one is set. */
	__u64 own_addresses[OWN_ADDRESS_BITS / 64];
};
ABI_ASSERT_SIZE(direct_delivery, 8 + 64 + OWN_ADDRESS_BITS / 8);

static inline __u32 own_address_bit(const struct ip_addr *address)
{
	__u32 folded = address->words_be[0] ^ address->words_be[1] ^ address->words_be[2] ^ address->words_be[3];

	return (folded * 0x9e3779b1U) >> 20; /* the upper 12 bits of Knuth's multiplicative hash */
}

#endif
