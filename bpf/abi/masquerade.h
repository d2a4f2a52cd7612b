/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Masquerade: what pods send to the world leaves with an address of the node. */
#ifndef ICHOR_ABI_MASQUERADE_H
#define ICHOR_ABI_MASQUERADE_H

#include "types.h"

/* Map `masquerade_sources`, hash: present where that uplink masquerades that family. */
struct masquerade_uplink {
	__u32 ifindex;
	__u32 is_v6;
};
ABI_ASSERT_SIZE(masquerade_uplink, 8);

struct masquerade_source {
	struct ip_addr address; /* the node's, on that uplink */
};
ABI_ASSERT_SIZE(masquerade_source, 16);

/* Map `unmasqueraded`, LPM trie: destinations that see pods' own addresses. Value: __u32 zero. */
struct unmasqueraded_key {
	__u32 prefix_length; /* bits of address: an IPv4 prefix has 96 more */
	struct ip_addr address;
};
ABI_ASSERT_SIZE(unmasqueraded_key, 20);

#endif
