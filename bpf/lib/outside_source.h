/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sources that nobody outside of the node can have. The stack refuses them while it routes, which direct delivery passes by. */
#ifndef ICHOR_LIB_OUTSIDE_SOURCE_H
#define ICHOR_LIB_OUTSIDE_SOURCE_H

#include "lib/parse.h"
#include "lib/routes.h"
#include "maps/direct_delivery.h"

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

static __always_inline int is_own_source(struct __sk_buff *skb, const struct direct_delivery *delivery, const struct packet *packet)
{
	return may_be_own(delivery, packet) && !uplink_to(skb, NULL, &packet->source);
}

#endif
