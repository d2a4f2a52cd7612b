/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A frame, read once into struct packet. XDP and tc each make a struct frame in their own way (tc: lib/skb.h); from there on the
 * headers are read by the same code. VLAN tags are not passed over: tc has them in the skb, and what is tagged is the stack's. */
#ifndef ICHOR_LIB_PARSE_H
#define ICHOR_LIB_PARSE_H

#include "lib/address.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_IPV6 0x86DD

#define PROTOCOL_ICMP 1 /* IPPROTO_* */
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define PROTOCOL_IPV6_FRAGMENT 44
#define PROTOCOL_ICMPV6 58

#define ETHER_HEADER_SIZE ((__u32)sizeof(struct ethhdr))

struct frame {
	void *data;	/* Ethernet header */
	void *data_end; /* behind what can be read at once */
	__u32 length;	/* of the whole frame, beyond data_end too */
};

enum parse_result {
	PARSE_IP,
	PARSE_OTHER, /* not IP: ARP, or nothing that a pod may send */
	PARSE_MALFORMED,
	PARSE_MAPPED, /* IPv6 with an IPv4-mapped address: none may be on a wire, and struct ip_addr would take it for IPv4 */
};

struct packet {
	struct ip_addr source;
	struct ip_addr destination;
	__u32 payload_offset; /* behind the fixed header and IPv4's options, from the start of the frame */
	__u8 next_header;     /* as in the fixed header: extension headers of IPv6 are not passed over */
	__u8 hop_limit;	      /* IPv4: TTL */
	__u8 is_v6;
	__u8 zero;
};

/* Bytes of the frame that parse_packet has to be able to read. */
static __always_inline __u32 headers_size(__be16 ethertype_be)
{
	return ETHER_HEADER_SIZE + (ethertype_be == bpf_htons(ETHERTYPE_IPV6) ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
}

static __always_inline enum parse_result parse_ipv4(const struct frame *frame, struct packet *packet)
{
	struct iphdr *ip = frame->data + ETHER_HEADER_SIZE;
	__u32 space = frame->length - ETHER_HEADER_SIZE;
	__u32 header_size, total_size;

	if ((void *)(ip + 1) > frame->data_end)
		return PARSE_MALFORMED;
	header_size = ip->ihl * 4;
	total_size = bpf_ntohs(ip->tot_len);
	if (!total_size && space > 0xffff)
		total_size = space; /* big TCP: more than the field can say */
	if (ip->version != 4 || header_size < sizeof(*ip) || total_size < header_size || total_size > space)
		return PARSE_MALFORMED;

	packet->source = ip_addr_from_v4(ip->saddr);
	packet->destination = ip_addr_from_v4(ip->daddr);
	packet->payload_offset = ETHER_HEADER_SIZE + header_size;
	packet->next_header = ip->protocol;
	packet->hop_limit = ip->ttl;
	packet->is_v6 = 0;
	return PARSE_IP;
}

static __always_inline enum parse_result parse_ipv6(const struct frame *frame, struct packet *packet)
{
	struct ipv6hdr *ip = frame->data + ETHER_HEADER_SIZE;

	if ((void *)(ip + 1) > frame->data_end)
		return PARSE_MALFORMED;
	if (ip->version != 6 || bpf_ntohs(ip->payload_len) + sizeof(*ip) > frame->length - ETHER_HEADER_SIZE)
		return PARSE_MALFORMED;

	packet->source = ip_addr_from_v6(&ip->saddr);
	packet->destination = ip_addr_from_v6(&ip->daddr);
	packet->payload_offset = ETHER_HEADER_SIZE + sizeof(*ip);
	packet->next_header = ip->nexthdr;
	packet->hop_limit = ip->hop_limit;
	packet->is_v6 = 1;
	if (ip_addr_is_v4(&packet->source) || ip_addr_is_v4(&packet->destination))
		return PARSE_MAPPED;
	return PARSE_IP;
}

static __always_inline enum parse_result parse_packet(const struct frame *frame, __be16 ethertype_be, struct packet *packet)
{
	switch (bpf_ntohs(ethertype_be)) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(frame, packet);
	case ETHERTYPE_IPV6:
		return parse_ipv6(frame, packet);
	default:
		return PARSE_OTHER;
	}
}

#endif
