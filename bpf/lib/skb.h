/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet at tc as a frame that can be read. */
#ifndef ICHOR_LIB_SKB_H
#define ICHOR_LIB_SKB_H

#include "lib/parse.h"

static __always_inline struct frame frame_of(const struct __sk_buff *skb)
{
	return (struct frame){(void *)(long)skb->data, (void *)(long)skb->data_end, skb->len};
}

/* With its first `size` bytes in one piece, if it has so many. */
static __always_inline struct frame readable_frame(struct __sk_buff *skb, __u32 size)
{
	if ((void *)(long)skb->data + size > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, size);
	return frame_of(skb);
}

static __always_inline enum parse_result parse_skb(struct __sk_buff *skb, struct packet *packet)
{
	struct frame frame = readable_frame(skb, headers_size(skb->protocol));

	return parse_packet(&frame, skb->protocol, packet);
}

#endif
