/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a pod sends to the world leaves with the node's address. */
#ifndef ICHOR_LIB_MASQUERADE_H
#define ICHOR_LIB_MASQUERADE_H

#include "abi/drop_reasons.h"
#include "lib/kernel_connections.h"
#include "lib/nat_ports.h"
#include "lib/translation.h"
#include "lib/world.h"

/* Protocols whose packets may get another address although their ports are not known: no checksum covers it. */
static __always_inline int leaves_by_address(__u8 protocol)
{
	switch (protocol) {
	case 4:	  /* IPIP */
	case 41:  /* IPv6 in IP */
	case 47:  /* GRE */
	case 50:  /* ESP */
	case 132: /* SCTP */
		return 1;
	default:
		return 0;
	}
}

static __always_inline int has_too_many_unanswered(const struct ip_addr *pod)
{
	struct half_open *half_open = half_open_of(pod);

	return datapath_config.unanswered_per_pod && half_open && half_open->flows >= datapath_config.unanswered_per_pod;
}

/* One flow with this destination has the address to itself when there are no ports. */
static __always_inline long open_masqueraded(struct __sk_buff *skb, const struct flow_key *key, const struct transport *transport,
					     const struct ip_addr *source, __u32 is_v6)
{
	__u32 port;

	if (transport->kind == TRANSPORT_OTHER)
		return flow_open(key, source, 0);
	if (has_too_many_unanswered(&key->source))
		return -EDQUOT; /* before a port is looked for, which is dear where few are free */
	port = nat_port_find(skb, key, source, is_v6);
	return port ? flow_open(key, source, bpf_htons(port)) : -EEXIST;
}

static __always_inline int may_open(const struct transport *transport)
{
	switch (transport->kind) {
	case TRANSPORT_PORTS:
		return 1;
	case TRANSPORT_ECHO:
		return !transport->is_reply;
	case TRANSPORT_OTHER:
		return leaves_by_address(transport->protocol);
	default:
		return 0;
	}
}

/* Opens a flow for what a pod sends to the world: 1; 0: the packet goes on as it is; negative, -1 - enum drop_reason: it may not.
 */
verified_alone int masquerade(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
			      const struct transport *transport __arg_nonnull, const struct flow_key *key __arg_nonnull)
{
	struct __sk_buff *skb = context;
	struct masquerade_uplink uplink = {.ifindex = skb->ifindex};
	struct masquerade_source *source;
	long error;

	uplink.is_v6 = packet->is_v6;
	if (!is_for_world(packet))
		return 0;
	source = bpf_map_lookup_elem(&masquerade_sources, &uplink);
	if (!source || !source->for_pods)
		return 0;
	if (transport->kind == TRANSPORT_LATER)
		return -1 - DROP_LOST_FRAGMENT;
	if (!may_open(transport))
		return -1 - DROP_UNTRANSLATABLE;
	if (transport->kind == TRANSPORT_PORTS && is_kernel_translating() &&
	    departs_as_before(skb, key, packet->is_v6, transport->tcp_flags))
		return 0;
	error = open_masqueraded(skb, key, transport, &source->address, packet->is_v6);
	if (error == -EEXIST)
		return -1 - DROP_NO_NAT_PORT; /* unless another packet of this flow was quicker */
	return error ? -1 - flow_refusal(error) : 1;
}

#endif
