/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksums that follow a change (RFC 1624), written straight into the packet by what the kernel says of it: helpers cost
 * three times as much. Sums are of 16-bit words as they lie in the packet, folded to 16 bits; a difference is new less old. */
#ifndef ICHOR_LIB_CHECKSUM_H
#define ICHOR_LIB_CHECKSUM_H

#include "abi/types.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define SUM_COMPLETE 2 /* skb->ip_summed: CHECKSUM_COMPLETE, CHECKSUM_PARTIAL of linux/skbuff.h */
#define SUM_PARTIAL 3

static __always_inline __u16 sum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

static __always_inline __u16 port_difference(__be16 from_be, __be16 to_be)
{
	return sum_fold((__u64)to_be + (__u16)~from_be);
}

static __always_inline __u16 address_difference(const struct ip_addr *from, const struct ip_addr *to)
{
	__u64 sum = 0;

	for (int i = 0; i < 4; ++i)
		sum += (__u64)to->words_be[i] + (__u32)~from->words_be[i];
	return sum_fold(sum);
}

/* A whole checksum after that change. */
static __always_inline __u16 sum_changed(__u16 checksum, __u32 difference)
{
	return ~sum_fold((__u64)(__u16)~checksum + difference);
}

/* Who has to finish the sum: nobody, or a device. */
static __always_inline __u8 sum_state(struct __sk_buff *skb)
{
	struct sk_buff *kernel = bpf_cast_to_kern_ctx(skb);

	return BPF_CORE_READ_BITFIELD(kernel, ip_summed);
}

#endif
