/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long flows live: for the sweeper, which ends them, and for who looks at them. */
#ifndef ICHOR_ABI_FLOW_LIFETIMES_H
#define ICHOR_ABI_FLOW_LIFETIMES_H

#include "flows.h"

/* Seconds without a packet, in a table that is not crowded. Cilium's for TCP; UDP as RFC 4787 REQ-5 asks (two minutes at least),
 * ICMP as RFC 5508 REQ-1 (one). */
static inline __u32 flow_lifetime_seconds(__u8 protocol, __u8 state)
{
	switch (protocol) {
	case 6: /* TCP */
		return state == FLOW_ESTABLISHED ? 8000 : state == FLOW_CLOSING ? 10 : 60;
	case 17: /* UDP */
		return state == FLOW_ESTABLISHED ? 120 : 30;
	case 1:	 /* ICMP */
	case 58: /* of IPv6 */
		return 60;
	default:
		return 600; /* tunnels */
	}
}

#endif
