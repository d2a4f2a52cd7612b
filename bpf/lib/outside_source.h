/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sources that nobody outside of the node can have. The stack refuses them while it routes, which direct delivery passes by. */
#ifndef ICHOR_LIB_OUTSIDE_SOURCE_H
#define ICHOR_LIB_OUTSIDE_SOURCE_H

#include "lib/parse.h"
#include "maps/direct_delivery.h"
#include "maps/pods.h"

#define FAMILY_IPV4 2 /* AF_INET, AF_INET6: macros are not in vmlinux.h */
#define FAMILY_IPV6 10

#define CLOUD_METADATA_IPV4                                                                                                        \
	0xa9fea9fe /* 169.254.169.254: link-local by number, and answers pods whose addresses the cloud routes */

/* Unspecified, loopback, link-local, multicast or broadcast. */
static __always_inline int is_martian_source(const struct packet *packet)
{
	const __be32 *words = packet->source.words_be;
	__u32 first = bpf_ntohl(packet->is_v6 ? words[0] : words[3]);

	if (packet->is_v6)
		return (!(words[0] | words[1] | words[2]) && bpf_ntohl(words[3]) <= 1) || first >> 22 == 0xfe80 >> 6 ||
		       first >> 24 == 0xff;
	return first >> 24 == 0 || first >> 24 == 127 || (first >> 16 == 0xa9fe && first != CLOUD_METADATA_IPV4) ||
	       first >> 28 == 14 || first == 0xffffffff;
}

static __always_inline int may_be_own(const struct direct_delivery *delivery, const struct packet *packet)
{
	const __be32 *words = packet->source.words_be;
	const __be32 *network = delivery->pod_network[packet->is_v6 & 1].words_be;
	const __be32 *mask = delivery->pod_mask[packet->is_v6 & 1].words_be;
	__u32 bit = own_address_bit(&packet->source);

	if (delivery->own_addresses[bit / 64] >> (bit % 64) & 1)
		return 1;
	if ((words[3] & mask[3]) != network[3] || (words[0] & mask[0]) != network[0] || (words[1] & mask[1]) != network[1] ||
	    (words[2] & mask[2]) != network[2])
		return 0;
	return mask[packet->is_v6 ? 0 : 3] != 0;
}

/* A pod's, or local by the kernel's own routes (or without any, so that no answer could go there). A function of its own, so that
 * no caller has its stack. */
static __noinline int is_surely_own(struct __sk_buff *skb, const struct packet *packet)
{
	struct bpf_fib_lookup route = {.family = FAMILY_IPV4, .ifindex = skb->ifindex};
	const __be32 *words = packet->source.words_be;

	if (bpf_map_lookup_elem(&pods, &packet->source))
		return 1;
	route.ipv4_dst = words[3];
	if (packet->is_v6) {
		route.family = FAMILY_IPV6;
		__builtin_memcpy(route.ipv6_dst, words, sizeof(route.ipv6_dst));
	}
	return bpf_fib_lookup(skb, &route, sizeof(route), BPF_FIB_LOOKUP_SKIP_NEIGH) == BPF_FIB_LKUP_RET_NOT_FWDED;
}

static __always_inline int is_own_source(struct __sk_buff *skb, const struct direct_delivery *delivery, const struct packet *packet)
{
	return may_be_own(delivery, packet) && is_surely_own(skb, packet);
}

#endif
