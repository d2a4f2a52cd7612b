/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sources that nobody outside of the node can have. The stack refuses them while it routes, which direct delivery passes by. */
#ifndef ICHOR_LIB_OUTSIDE_SOURCE_H
#define ICHOR_LIB_OUTSIDE_SOURCE_H

#include "lib/deliver.h"
#include "lib/routes.h"

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
	return is_own_bit_set(delivery, &packet->source) || is_surely_in_pod_network(delivery, &packet->source, packet->is_v6);
}

verified_alone int is_own_source(void *context __arg_ctx, const struct packet *packet __arg_nonnull)
{
	return !uplink_to(context, NULL, &packet->source);
}

/* 0; or enum drop_reason and one more: nobody outside has the packet's source. */
static __always_inline int judge_outside_source(struct __sk_buff *skb, const struct packet *packet)
{
	const struct direct_delivery *delivery = delivery_settings();

	if (is_martian_source(packet))
		return DROP_MARTIAN_SOURCE + 1;
	return !delivery || (may_be_own(delivery, packet) && is_own_source(skb, packet)) ? DROP_OWN_SOURCE + 1 : 0;
}

#endif
