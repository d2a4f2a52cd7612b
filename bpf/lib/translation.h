/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet and the flow that it belongs to, on its way through an uplink. */
#ifndef ICHOR_LIB_TRANSLATION_H
#define ICHOR_LIB_TRANSLATION_H

#include "lib/flows.h"
#include "lib/fragments.h"
#include "lib/icmp_errors.h"
#include "lib/rewrite.h"

enum translation {
	TRANSLATION_NONE,   /* no flow is known */
	TRANSLATION_DONE,   /* the packet is as its flow wants it */
	TRANSLATION_FAILED, /* broken headers; it may be half written */
};

static __always_inline int is_translated(const struct flow *flow)
{
	return flow->address_difference || flow->port_difference;
}

verified_alone int translate_error(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
				   const struct transport *error __arg_nonnull, __u32 way)
{
	struct __sk_buff *skb = context;
	struct quoted quoted = {};
	struct flow_key key;
	struct flow *flow;

	if (!read_quoted(skb, packet, error, &quoted))
		return TRANSLATION_NONE;
	key = quoted_flow_key(&quoted, way);
	flow = flow_lookup(&key);
	if (!flow)
		return TRANSLATION_NONE;
	if (!is_translated(flow))
		return TRANSLATION_DONE;
	return rewrite_error(skb, packet, error, &quoted, side_of(way), flow) ? TRANSLATION_FAILED : TRANSLATION_DONE;
}

/* Key and flow of a packet that is no ICMP error; null: none is known, or a fragment's first one was not seen. */
static __always_inline struct flow *flow_of(const struct packet *packet, struct transport *transport, enum flow_way way,
					    struct flow_key *key)
{
	if (transport->kind == TRANSPORT_LATER && !fragment_recall(packet, transport, way))
		return NULL;
	*key = flow_key_of(packet, transport, way);
	return flow_lookup(key);
}

/* 0: the packet is as its flow wants it; else it is broken, and may be half written. */
static __always_inline int translate(struct __sk_buff *skb, const struct packet *packet, const struct transport *transport,
				     const struct flow_key *key, struct flow *flow)
{
	if (transport->is_fragment && transport->kind != TRANSPORT_LATER)
		fragment_remember(packet, transport, key->way);
	flow_seen(key, flow, transport);
	return is_translated(flow) ? rewrite(skb, packet, transport, side_of(key->way), flow) : 0;
}

#endif
