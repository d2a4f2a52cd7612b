/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pods of this node: where a packet for an address goes, and which addresses a link may send from. */
#ifndef ICHOR_ABI_PODS_H
#define ICHOR_ABI_PODS_H

#include "types.h"

/* Map `pods`, hash by struct ip_addr. */
struct pod {
	__u32 ifindex; /* host side of the pod's link */
	struct ether_mac host_mac;
	struct ether_mac pod_mac;
};
ABI_ASSERT_SIZE(pod, 16);

/* Map `pod_sources`, hash: present when that link may send from that address. Value: __u32 zero. */
struct pod_source_key {
	__u32 ifindex;
	struct ip_addr address;
};
ABI_ASSERT_SIZE(pod_source_key, 20);

/* Map `calling_pods`, array of 64 bits each, by own_address_bit(): pods that have called a Service by packets, so that what is sent
 * to them may be an answer. The programs set bits, and nobody takes one back. */

/* What a pod sees as its router: link-local addresses that no link carries, so that nothing on the node answers for them. */
#define POD_GATEWAY_IPV4 0xa9fe6969 /* 169.254.105.105, host order */
#define POD_GATEWAY_IPV6_FIRST 0xfe800000
#define POD_GATEWAY_IPV6_LAST 0x69 /* fe80::69: its first and last word, host order; zeros between */

#endif
