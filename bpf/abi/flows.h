/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows that are translated, or that came to a pod from the world and therefore must not be. A flow is two entries, one for each
 * way that its packets take through an uplink: on departure the source is replaced, on arrival the destination. */
#ifndef ICHOR_ABI_FLOWS_H
#define ICHOR_ABI_FLOWS_H

#include "types.h"

enum flow_way { FLOW_DEPARTS, FLOW_ARRIVES };

/* Map `flows`, hash: a packet as it is before it is translated. */
struct flow_key {
	struct ip_addr source;
	struct ip_addr destination;
	__be16 source_port_be; /* of an ICMP echo request the identifier; of its reply, and of protocols without ports, 0 */
	__be16 destination_port_be;
	__u8 protocol; /* IPPROTO_* */
	__u8 way;      /* enum flow_way */
	__u16 zero;
};
ABI_ASSERT_SIZE(flow_key, 40);

/* The same in both entries of a flow, but for FLOW_FIN. */
enum flow_state {
	FLOW_NEW,	  /* only its opener has sent */
	FLOW_ESTABLISHED, /* both have */
	FLOW_CLOSING,	  /* TCP: both sent FIN, or one RST */
};

struct flow {
	struct ip_addr address; /* takes the place of the key's source or destination, by its way; the same: not translated */
	__be16 port_be;		/* likewise */
	__u8 state;		/* enum flow_state */
	__u8 flags;		/* FLOW_* */
	/* Differences of the Internet checksum (RFC 1624), new less old, folded, byte order of the packet. */
	__u16 address_difference;
	__u16 port_difference;
	__u64 used_ns; /* CLOCK_MONOTONIC_COARSE, exact to FLOW_REFRESH_NS */
};
ABI_ASSERT_SIZE(flow, 32);

#define FLOW_OPENER (1 << 0) /* the way of the packet that opened it */
#define FLOW_FIN (1 << 1)    /* this way has sent its last */
#define FLOW_AGAIN (1 << 2)  /* UDP, in both entries: its opener has sent after an answer, so it is more than one question */

#define FLOW_REFRESH_NS 500000000ULL
#define FLOW_IDLE_NS 2000000000ULL /* UDP: then its ports may be another flow's */

/* Map `half_open`, array by half_open_index() of who opened them: flows that nobody has answered. One source may have those of a
 * quarter of the table, and a pod not more than a quarter of the ports that one destination can be given, so that it leaves room
 * for others. */
struct half_open {
	__u32 flows;
	__u32 counted; /* so far in the sweep that goes on: the next value of `flows` */
};
ABI_ASSERT_SIZE(half_open, 8);

#define HALF_OPEN_ENTRIES 4096

static inline __u32 half_open_index(const struct ip_addr *source)
{
	__u32 folded = source->words_be[0] ^ source->words_be[1] ^ source->words_be[2] ^ source->words_be[3];

	return (folded * 0x9e3779b1U) >> 20; /* the upper 12 bits of Knuth's multiplicative hash */
}

/* Map `fragments`, LRU hash: ports of a datagram whose first fragment was seen (RFC 791, RFC 8200 section 4.5). */
struct fragment_key {
	struct ip_addr source;
	struct ip_addr destination;
	__be32 id_be; /* IPv4: the upper half is 0 */
	__u8 protocol;
	__u8 way; /* enum flow_way */
	__u16 zero;
};
ABI_ASSERT_SIZE(fragment_key, 40);

struct fragment_ports {
	__be16 source_port_be;
	__be16 destination_port_be;
};
ABI_ASSERT_SIZE(fragment_ports, 4);

/* Map `flow_sweeper`, array of one: looks through the flows and ends what is overdue, whether an agent runs or not. The programs
 * that were loaded last own it. */
struct flow_sweeper {
#ifdef __bpf__ /* no typedef: the kernel finds them by their types */
	struct bpf_timer timer;
	struct bpf_wq work; /* what the timer starts: a look at all flows is too long for a softirq */
#else
	__u64 timer[2], work[2];
#endif
	__s64 alive;	/* entries that the last look left, and those that came since, less those that packets ended */
	__u64 swept_ns; /* when it ended, CLOCK_MONOTONIC */
};
ABI_ASSERT_SIZE(flow_sweeper, 48);

#endif
