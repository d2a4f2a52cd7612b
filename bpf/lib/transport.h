/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What follows a packet's IP header, as far as translation has to know it: ports, and where they are. */
#ifndef ICHOR_LIB_TRANSPORT_H
#define ICHOR_LIB_TRANSPORT_H

#include "lib/program.h"
#include "lib/skb.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define ICMP_HEADER_SIZE 8
#define MAX_HEADERS_OFFSET 511 /* the last place where a transport header is looked for; one less than a power of two */

enum transport_kind {
	TRANSPORT_PORTS,      /* TCP, UDP */
	TRANSPORT_ECHO,	      /* the identifier stands for the port of who asks */
	TRANSPORT_ICMP_ERROR, /* about a packet that it quotes */
	TRANSPORT_LATER,      /* a fragment behind the first */
	TRANSPORT_OTHER,      /* has no ports that are known */
	TRANSPORT_MALFORMED,
};

struct transport {
	enum transport_kind kind;
	__u32 offset; /* of the transport header, from the start of the frame */
	__be16 source_port_be;
	__be16 destination_port_be;
	__u8 protocol;
	__u8 tcp_flags;
	__u8 is_reply;	  /* of an echo: the identifier is the destination's */
	__u8 is_fragment; /* the first one or a later */
	__be32 fragment_id_be;
};

static __always_inline int is_first_of_connection(__u8 tcp_flags)
{
	return (tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

/* No redirects: they are about the path from the node that routed the packet, and say nothing of a Service's address. */
static __always_inline int is_icmp_error(__u8 type, __u32 is_v6)
{
	return is_v6 ? type < 128 : type == 3 || type == 4 || type == 11 || type == 12;
}

static __always_inline void read_icmp(const __u8 *header, __u32 is_v6, struct transport *transport)
{
	__u8 request = is_v6 ? 128 : 8, reply = is_v6 ? 129 : 0;
	__be16 id_be = *(const __be16 *)(header + 4);

	transport->kind = TRANSPORT_ECHO;
	transport->is_reply = header[0] == reply;
	if (header[0] == request)
		transport->source_port_be = id_be;
	else if (header[0] == reply)
		transport->destination_port_be = id_be;
	else
		transport->kind = is_icmp_error(header[0], is_v6) ? TRANSPORT_ICMP_ERROR : TRANSPORT_OTHER;
}

/* Of a header that can be read for 8 bytes at least; the flags only with 14. */
static __always_inline void read_ports(const __u8 *header, const void *end, __u32 is_v6, struct transport *transport)
{
	switch (transport->protocol) {
	case PROTOCOL_TCP:
		if ((void *)(header + 14) <= end)
			transport->tcp_flags = header[13];
		/* fall through */
	case PROTOCOL_UDP:
		transport->kind = TRANSPORT_PORTS;
		transport->source_port_be = *(const __be16 *)header;
		transport->destination_port_be = *(const __be16 *)(header + 2);
		return;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		read_icmp(header, is_v6, transport);
		return;
	default:
		transport->kind = TRANSPORT_OTHER;
	}
}

/* IPv6: past the extension headers that may stand before a transport header (RFC 8200 section 4.1). 0: not to be read. */
static __always_inline int pass_extension_headers(struct __sk_buff *skb, struct transport *transport)
{
	__u8 header[8];

	for (int i = 0; i < 5; ++i) {
		switch (transport->protocol) {
		case 0:	 /* hop-by-hop options */
		case 43: /* routing */
		case 60: /* destination options */
		case PROTOCOL_IPV6_FRAGMENT:
			break;
		default:
			return 1;
		}
		if (transport->offset > MAX_HEADERS_OFFSET || bpf_skb_load_bytes(skb, transport->offset, header, sizeof(header)))
			return 0;
		if (transport->protocol == PROTOCOL_IPV6_FRAGMENT) {
			transport->is_fragment = 1;
			transport->fragment_id_be = *(__be32 *)(header + 4);
			if (*(__be16 *)(header + 2) & bpf_htons(0xfff8))
				transport->kind = TRANSPORT_LATER;
			transport->offset += 8;
		} else {
			transport->offset += (header[1] + 1U) * 8;
		}
		transport->protocol = header[0];
		if (transport->kind == TRANSPORT_LATER)
			return 1;
	}
	return 0;
}

static __always_inline void read_ipv4_fragment(struct __sk_buff *skb, struct transport *transport)
{
	struct iphdr *ip = (void *)(long)skb->data + ETHER_HEADER_SIZE;

	if ((void *)(ip + 1) > (void *)(long)skb->data_end || !(ip->frag_off & bpf_htons(0x3fff)))
		return;
	transport->is_fragment = 1;
	transport->fragment_id_be = ip->id;
	if (ip->frag_off & bpf_htons(0x1fff))
		transport->kind = TRANSPORT_LATER;
}

/* Of TCP and UDP in one piece behind a plain IP header. 0: read_transport has to look. */
static __always_inline int read_plain_transport(struct __sk_buff *skb, const struct packet *packet, struct transport *transport)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct iphdr *ip = data + ETHER_HEADER_SIZE;
	__u8 *header = data + (packet->payload_offset & MAX_HEADERS_OFFSET);

	if (packet->next_header != PROTOCOL_TCP && packet->next_header != PROTOCOL_UDP)
		return 0;
	if ((void *)(ip + 1) > end || (void *)(header + 14) > end || (!packet->is_v6 && (ip->frag_off & bpf_htons(0x3fff))))
		return 0;
	*transport = (struct transport){.kind = TRANSPORT_PORTS,
					.offset = packet->payload_offset,
					.source_port_be = *(__be16 *)header,
					.destination_port_be = *(__be16 *)(header + 2),
					.protocol = packet->next_header,
					.tcp_flags = packet->next_header == PROTOCOL_TCP ? header[13] : 0};
	return 1;
}

/* `packet` is the parsed one. */
verified_alone int read_transport(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
				  struct transport *transport __arg_nonnull)
{
	struct __sk_buff *skb = context;
	struct frame frame;
	__u8 *header;

	*transport =
		(struct transport){.kind = TRANSPORT_MALFORMED, .offset = packet->payload_offset, .protocol = packet->next_header};
	if (!packet->is_v6)
		read_ipv4_fragment(skb, transport);
	else if (!pass_extension_headers(skb, transport))
		return 0;
	if (transport->kind == TRANSPORT_LATER || transport->offset > MAX_HEADERS_OFFSET)
		return 0;
	frame = readable_frame(skb, transport->offset + 20 < skb->len ? transport->offset + 20 : skb->len);
	header = frame.data + (transport->offset & MAX_HEADERS_OFFSET);
	if ((void *)(header + 8) <= frame.data_end)
		read_ports(header, frame.data_end, packet->is_v6, transport);
	return 0;
}

/* As read_transport, without a call for most packets. */
static __always_inline void read_transport_here(struct __sk_buff *skb, const struct packet *packet, struct transport *transport)
{
	if (!read_plain_transport(skb, packet, transport))
		read_transport(skb, packet, transport);
}

#endif
