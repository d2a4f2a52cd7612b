/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a program ends, and the counting of it. */
#ifndef ICHOR_LIB_VERDICT_H
#define ICHOR_LIB_VERDICT_H

#include "maps/counters.h"

#define TC_ACT_OK 0 /* linux/pkt_cls.h: macros are not in vmlinux.h */
#define TC_ACT_SHOT 2
#define TC_ACT_REDIRECT 7

/* skb->tc_index between a redirect and pod_ingress: the delivery is counted. Nothing else on the way uses the field. */
#define ALREADY_COUNTED 0x69

static __always_inline void count_drop(enum drop_reason reason)
{
	__u32 index = reason;
	__u64 *count = bpf_map_lookup_elem(&drops, &index);

	if (count)
		*count += 1;
}

static __always_inline void count_delivery(enum delivery way)
{
	__u32 index = way;
	__u64 *count = bpf_map_lookup_elem(&deliveries, &index);

	if (count)
		*count += 1;
}

static __always_inline int drop_packet(enum drop_reason reason)
{
	count_drop(reason);
	return TC_ACT_SHOT;
}

#endif
