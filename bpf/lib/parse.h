/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A frame at tc, read once into struct packet. VLAN tags have left the frame before tc sees it (they are in the skb). */
#ifndef ICHOR_LIB_PARSE_H
#define ICHOR_LIB_PARSE_H

#include "lib/address.h"

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_ARP 0x0806
#define ETHERTYPE_IPV6 0x86DD

#define ETHER_HEADER_SIZE ((__u32)sizeof(struct ethhdr))

enum parse_result {
	PARSE_IP,
	PARSE_OTHER, /* not IP: ARP, or nothing that a pod may send */
	PARSE_MALFORMED,
};

struct packet {
	struct ip_addr source;
	struct ip_addr destination;
	__u32 payload_offset; /* behind the fixed header and IPv4's options, from the start of the frame */
	__u8 next_header;     /* as in the fixed header: extension headers of IPv6 are not passed over */
	__u8 is_v6;
};

/* The first `size` bytes of the frame can be read, or null. */
static __always_inline void *packet_bytes(struct __sk_buff *skb, __u32 size)
{
	if ((void *)(long)skb->data + size > (void *)(long)skb->data_end) {
		if (bpf_skb_pull_data(skb, size))
			return NULL;
		if ((void *)(long)skb->data + size > (void *)(long)skb->data_end)
			return NULL;
	}
	return (void *)(long)skb->data;
}

static __always_inline enum parse_result parse_ipv4(struct __sk_buff *skb, struct packet *packet)
{
	void *frame = packet_bytes(skb, ETHER_HEADER_SIZE + sizeof(struct iphdr));
	struct iphdr *ip = frame + ETHER_HEADER_SIZE;
	__u32 header_size, total_size;

	if (!frame)
		return PARSE_MALFORMED;
	header_size = ip->ihl * 4;
	total_size = bpf_ntohs(ip->tot_len);
	if (!total_size && skb->gso_size)
		total_size = skb->len - ETHER_HEADER_SIZE; /* big TCP: more than the field can say */
	if (ip->version != 4 || header_size < sizeof(*ip) || total_size < header_size || total_size > skb->len - ETHER_HEADER_SIZE)
		return PARSE_MALFORMED;

	packet->source = ip_addr_from_v4(ip->saddr);
	packet->destination = ip_addr_from_v4(ip->daddr);
	packet->payload_offset = ETHER_HEADER_SIZE + header_size;
	packet->next_header = ip->protocol;
	packet->is_v6 = 0;
	return PARSE_IP;
}

static __always_inline enum parse_result parse_ipv6(struct __sk_buff *skb, struct packet *packet)
{
	void *frame = packet_bytes(skb, ETHER_HEADER_SIZE + sizeof(struct ipv6hdr));
	struct ipv6hdr *ip = frame + ETHER_HEADER_SIZE;

	if (!frame)
		return PARSE_MALFORMED;
	if (ip->version != 6 || bpf_ntohs(ip->payload_len) + sizeof(*ip) > skb->len - ETHER_HEADER_SIZE)
		return PARSE_MALFORMED;

	packet->source = ip_addr_from_v6(&ip->saddr);
	packet->destination = ip_addr_from_v6(&ip->daddr);
	packet->payload_offset = ETHER_HEADER_SIZE + sizeof(*ip);
	packet->next_header = ip->nexthdr;
	packet->is_v6 = 1;
	return PARSE_IP;
}

static __always_inline enum parse_result parse_packet(struct __sk_buff *skb, struct packet *packet)
{
	switch (bpf_ntohs(skb->protocol)) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(skb, packet);
	case ETHERTYPE_IPV6:
		return parse_ipv6(skb, packet);
	default:
		return PARSE_OTHER;
	}
}

#endif
