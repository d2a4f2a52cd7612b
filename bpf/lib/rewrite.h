/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Puts a flow's address and port into a packet, checksums with them. Direct writes: the caller has parsed the packet, so its
 * headers are in one piece. */
#ifndef ICHOR_LIB_REWRITE_H
#define ICHOR_LIB_REWRITE_H

#include "lib/checksum.h"
#include "lib/transport.h"
#include "maps/flows.h"

enum side { SIDE_SOURCE, SIDE_DESTINATION };

static __always_inline enum side side_of(enum flow_way way)
{
	return way == FLOW_DEPARTS ? SIDE_SOURCE : SIDE_DESTINATION;
}

/* 0: done. */
static __always_inline int write_address(struct __sk_buff *skb, __u32 is_v6, __u32 offset, enum side side, const struct flow *flow)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct ipv6hdr *v6 = data + offset;
	struct iphdr *v4 = data + offset;

	if (is_v6) {
		if ((void *)(v6 + 1) > end)
			return -1;
		__builtin_memcpy(side == SIDE_SOURCE ? &v6->saddr : &v6->daddr, &flow->address, sizeof(struct ip_addr));
		return 0;
	}
	if ((void *)(v4 + 1) > end)
		return -1;
	if (side == SIDE_SOURCE)
		v4->saddr = flow->address.words_be[3];
	else
		v4->daddr = flow->address.words_be[3];
	v4->check = sum_changed(v4->check, flow->address_difference);
	return 0;
}

/* TCP and UDP: the port at `side`, and the checksum over it and the addresses. Returns what the sum of all bytes from the IP header
 * on changes by; -1: too short. */
static __always_inline __s64 write_ports(__u8 *header, const void *end, __u8 protocol, __u32 is_v6, enum side side,
					 const struct flow *flow, __u8 state)
{
	__u32 addresses = is_v6 ? flow->address_difference : 0; /* IPv4: its own checksum makes up for them */
	__u16 *checksum = (__u16 *)(header + (protocol == PROTOCOL_TCP ? 16 : 6));

	if ((void *)(header + 8) > end || (void *)(checksum + 1) > end)
		return -1;
	*(__be16 *)(header + (side == SIDE_SOURCE ? 0 : 2)) = flow->port_be;
	if (state == SUM_PARTIAL) {
		*checksum = sum_fold((__u64)*checksum + flow->address_difference); /* of the pseudo-header alone, not inverted */
		return 0;
	}
	if (protocol == PROTOCOL_UDP && !*checksum)
		return addresses + flow->port_difference;
	*checksum = sum_changed(*checksum, flow->address_difference + flow->port_difference);
	if (protocol == PROTOCOL_UDP && !*checksum)
		*checksum = 0xffff;
	return addresses + (__u16)~flow->address_difference;
}

/* As write_ports; ICMPv6 has the addresses in its checksum, ICMP has not. */
static __always_inline __s64 write_identifier(__u8 *header, const void *end, __u32 is_v6, const struct flow *flow)
{
	__u16 *checksum = (__u16 *)(header + 2);

	if ((void *)(header + ICMP_HEADER_SIZE) > end)
		return -1;
	*(__be16 *)(header + 4) = flow->port_be;
	*checksum = sum_changed(*checksum, (is_v6 ? flow->address_difference : 0) + flow->port_difference);
	return is_v6 ? flow->address_difference + (__u16)~flow->address_difference : 0;
}

/* 0: done; else the headers were broken, and it may be half written. */
verified_alone int rewrite(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
			   const struct transport *transport __arg_nonnull, __u32 side, const struct flow *flow __arg_nonnull)
{
	struct __sk_buff *skb = context;
	__u8 state = sum_state(skb);
	__s64 changed = packet->is_v6 ? flow->address_difference : 0;
	__u8 *header;

	if (write_address(skb, packet->is_v6, ETHER_HEADER_SIZE, side, flow))
		return -1;
	header = (void *)(long)skb->data + (transport->offset & MAX_HEADERS_OFFSET);
	if (transport->kind == TRANSPORT_PORTS)
		changed = write_ports(header, (void *)(long)skb->data_end, transport->protocol, packet->is_v6, side, flow, state);
	else if (transport->kind == TRANSPORT_ECHO)
		changed = write_identifier(header, (void *)(long)skb->data_end, packet->is_v6, flow);
	if (changed < 0)
		return -1;
	if (state == SUM_COMPLETE && changed)
		bpf_csum_update(skb, changed);
	return 0;
}

#endif
