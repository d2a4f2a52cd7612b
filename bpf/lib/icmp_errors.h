/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP errors about a flow's packets (RFC 5508 section 4): the packet that one quotes went the other way, translated, so the quoted
 * addresses and port are translated back along with the error's own. */
#ifndef ICHOR_LIB_ICMP_ERRORS_H
#define ICHOR_LIB_ICMP_ERRORS_H

#include "lib/flows.h"
#include "lib/rewrite.h"

struct quoted {
	struct packet packet;
	struct transport transport;
	__u32 offset; /* of the quoted IP header */
};

/* 0: nothing in it that could belong to a flow. */
verified_alone int read_quoted(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
			       const struct transport *error __arg_nonnull, struct quoted *quoted __arg_nonnull)
{
	struct __sk_buff *skb = context;
	__u32 offset = (error->offset + ICMP_HEADER_SIZE) & MAX_HEADERS_OFFSET;
	__u32 size = packet->is_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	struct frame frame = readable_frame(skb, offset + size + 8);
	struct ipv6hdr *v6 = frame.data + offset;
	struct iphdr *v4 = frame.data + offset;
	__u8 *header;

	quoted->offset = offset;
	quoted->packet.is_v6 = packet->is_v6;
	if (packet->is_v6) {
		if ((void *)(v6 + 1) > frame.data_end)
			return 0;
		quoted->packet.source = ip_addr_from_v6(&v6->saddr);
		quoted->packet.destination = ip_addr_from_v6(&v6->daddr);
		quoted->transport.protocol = v6->nexthdr;
	} else {
		if ((void *)(v4 + 1) > frame.data_end || (v4->frag_off & bpf_htons(0x1fff)))
			return 0;
		size = v4->ihl * 4;
		quoted->packet.source = ip_addr_from_v4(v4->saddr);
		quoted->packet.destination = ip_addr_from_v4(v4->daddr);
		quoted->transport.protocol = v4->protocol;
	}
	quoted->transport.offset = offset + size;
	if (quoted->transport.offset > MAX_HEADERS_OFFSET)
		return 0;
	frame = readable_frame(skb, quoted->transport.offset + 8);
	header = frame.data + (quoted->transport.offset & MAX_HEADERS_OFFSET);
	if ((void *)(header + 8) > frame.data_end)
		return 0;
	read_ports(header, frame.data_end, packet->is_v6, &quoted->transport);
	return quoted->transport.kind == TRANSPORT_PORTS || quoted->transport.kind == TRANSPORT_ECHO;
}

/* The flow's packets that go the error's way are those that the quoted one was answered by. */
static __always_inline struct flow_key quoted_flow_key(const struct quoted *quoted, enum flow_way way)
{
	return (struct flow_key){
		.source = quoted->packet.destination,
		.destination = quoted->packet.source,
		.source_port_be = quoted->transport.destination_port_be,
		.destination_port_be = quoted->transport.source_port_be,
		.protocol = quoted->transport.protocol,
		.way = way,
	};
}

/* The quoted port, and a UDP checksum with it; TCP's lies behind what an error has to quote. Returns what the sum of the quoted
 * transport header changes by; -1: not to be written. */
verified_alone __s64 write_quoted_port(void *context __arg_ctx, const struct quoted *quoted __arg_nonnull, __u32 side,
				       const struct flow *flow __arg_nonnull)
{
	struct __sk_buff *skb = context;
	__u8 *header = (void *)(long)skb->data + (quoted->transport.offset & MAX_HEADERS_OFFSET);
	__u16 *checksum = (__u16 *)(header + 6);

	if ((void *)(header + 8) > (void *)(long)skb->data_end)
		return -1;
	if (quoted->transport.kind == TRANSPORT_ECHO) /* it counts the address too, as the caller does */
		return write_identifier(header, (void *)(long)skb->data_end, quoted->packet.is_v6, flow) -
		       (quoted->packet.is_v6 ? flow->address_difference : 0);
	*(__be16 *)(header + (side == SIDE_SOURCE ? 0 : 2)) = flow->port_be;
	if (quoted->transport.protocol != PROTOCOL_UDP || !*checksum)
		return flow->port_difference;
	*checksum = sum_changed(*checksum, flow->address_difference + flow->port_difference);
	return (__u16)~flow->address_difference;
}

verified_alone int write_address_alone(void *context __arg_ctx, __u32 is_v6, __u32 offset, __u32 side,
				       const struct flow *flow __arg_nonnull)
{
	return write_address(context, is_v6, offset & MAX_HEADERS_OFFSET, side, flow);
}

/* 0: done. */
static __always_inline int rewrite_error(struct __sk_buff *skb, const struct packet *packet, const struct transport *error,
					 const struct quoted *quoted, enum side side, const struct flow *flow)
{
	enum side opposite = side == SIDE_SOURCE ? SIDE_DESTINATION : SIDE_SOURCE;
	const struct ip_addr *about = side == SIDE_SOURCE ? &quoted->packet.destination : &quoted->packet.source;
	int is_own =
		ip_addr_equal(side == SIDE_SOURCE ? &packet->source : &packet->destination, about); /* not by a router between */
	__u32 difference = packet->is_v6 ? flow->address_difference : 0;
	__u32 covered = difference;
	__s64 port;
	__u8 *header;

	if (is_own && write_address_alone(skb, packet->is_v6, ETHER_HEADER_SIZE, side, flow))
		return -1;
	if (write_address_alone(skb, packet->is_v6, quoted->offset, opposite, flow))
		return -1;
	port = write_quoted_port(skb, quoted, opposite, flow);
	if (port < 0)
		return -1;
	header = (void *)(long)skb->data + (error->offset & MAX_HEADERS_OFFSET);
	if ((void *)(header + ICMP_HEADER_SIZE) > (void *)(long)skb->data_end)
		return -1;
	covered += port + (is_own ? difference : 0);
	*(__u16 *)(header + 2) = sum_changed(*(__u16 *)(header + 2), covered);
	return 0;
}

#endif
