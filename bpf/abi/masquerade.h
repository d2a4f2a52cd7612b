/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Masquerade: what pods send to the world leaves with an address of the node. */
#ifndef ICHOR_ABI_MASQUERADE_H
#define ICHOR_ABI_MASQUERADE_H

#include "types.h"

/* Map `masquerade_sources`, hash: present where packets that leave by that uplink can get another source. */
struct masquerade_uplink {
	__u32 ifindex;
	__u32 is_v6;
};
ABI_ASSERT_SIZE(masquerade_uplink, 8);

struct masquerade_source {
	struct ip_addr address; /* the node's, on that uplink */
	__u32 for_pods;		/* 1: what pods send to the world gets it; 0: only what Services send on to backends elsewhere */
	__u32 zero;
};
ABI_ASSERT_SIZE(masquerade_source, 24);

/* Map `unmasqueraded`, LPM trie: destinations that see pods' own addresses. Value: __u32 zero. */
struct unmasqueraded_key {
	__u32 prefix_length; /* bits of address: an IPv4 prefix has 96 more */
	struct ip_addr address;
};
ABI_ASSERT_SIZE(unmasqueraded_key, 20);

/* Map `recently_inside`, per-CPU array: addresses that were found in `unmasqueraded` lately. A cache, since the trie is dear. */
struct recently_inside {
	struct ip_addr address;
	__u64 until_jiffies;
};
ABI_ASSERT_SIZE(recently_inside, 24);

#define RECENTLY_INSIDE_ENTRIES 1024
#define RECENTLY_INSIDE_JIFFIES 256 /* a second or so: as long a prefix that was removed may count */

/* Map `crowded_destinations`, per-CPU array: for whom no port was found lately. Further searches are short for a while, since a
 * whole one costs as much as a thousand packets. */
struct crowded_destination {
	struct ip_addr address;
	__u64 until_ns; /* CLOCK_MONOTONIC, coarse */
	__be16 port_be;
	__u8 protocol;
	__u8 zero[5];
};
ABI_ASSERT_SIZE(crowded_destination, 32);

#define CROWDED_DESTINATIONS 256
#define CROWDED_DESTINATION_NS 100000000ULL

#endif
