/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a pod's IPv6 stack says from addresses that are not in pod_sources: neighbour discovery (RFC 4861) and MLD (RFC 3810). */
#ifndef ICHOR_LIB_NEIGHBOR_DISCOVERY_H
#define ICHOR_LIB_NEIGHBOR_DISCOVERY_H

#include "lib/parse.h"

#define NEXT_HEADER_HOP_BY_HOP 0
#define NEXT_HEADER_ICMPV6 58

/* Link-local (fe80::/10) or unspecified. */
static __always_inline int source_is_link_scoped(const struct packet *packet)
{
	const __be32 *words = packet->source.words_be;

	if (!packet->is_v6)
		return 0;
	if ((words[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000))
		return 1;
	return !(words[0] | words[1] | words[2] | words[3]);
}

/* Only what a host may say: no router advertisement, no redirect, no MLD query. MLD stands behind a router alert of 8 bytes. */
static __always_inline int is_host_discovery(struct __sk_buff *skb, const struct packet *packet)
{
	__u32 offset = packet->payload_offset;
	__u8 next_header = packet->next_header;
	__u8 options[2], type;

	if (next_header == NEXT_HEADER_HOP_BY_HOP) {
		if (bpf_skb_load_bytes(skb, offset, options, sizeof(options)) || options[1] != 0)
			return 0;
		next_header = options[0];
		offset += 8;
	}
	if (next_header != NEXT_HEADER_ICMPV6 || bpf_skb_load_bytes(skb, offset, &type, sizeof(type)))
		return 0;
	switch (type) {
	case 131: /* MLDv1 report */
	case 132: /* MLDv1 done */
	case 133: /* router solicitation */
	case 135: /* neighbour solicitation */
	case 136: /* neighbour advertisement */
	case 143: /* MLDv2 report */
		return 1;
	default:
		return 0;
	}
}

#endif
