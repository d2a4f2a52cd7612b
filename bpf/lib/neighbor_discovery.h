/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is where on a pod's link: ARP (RFC 826) and neighbour discovery (RFC 4861). A pod speaks for its own addresses and asks for
 * its gateway; for anything else the node would keep an entry in a table that all its links share. */
#ifndef ICHOR_LIB_NEIGHBOR_DISCOVERY_H
#define ICHOR_LIB_NEIGHBOR_DISCOVERY_H

#include "lib/skb.h"
#include "maps/pods.h"

#define NEXT_HEADER_HOP_BY_HOP 0
#define NEXT_HEADER_ICMPV6 58

#define ICMPV6_MLD_REPORT 131
#define ICMPV6_MLD_DONE 132
#define ICMPV6_ROUTER_SOLICITATION 133
#define ICMPV6_NEIGHBOR_SOLICITATION 135
#define ICMPV6_NEIGHBOR_ADVERTISEMENT 136
#define ICMPV6_REDIRECT 137
#define ICMPV6_MLD2_REPORT 143

#define ARP_REQUEST 1
#define ARP_REPLY 2

/* Of Ethernet and IPv4. */
struct arp_packet {
	__be16 hardware_be, protocol_be;
	__u8 hardware_size, protocol_size;
	__be16 operation_be;
	struct ether_mac sender_mac;
	__be32 sender_be;
	struct ether_mac target_mac;
	__be32 target_be;
} __attribute__((packed));

/* A neighbour solicitation or advertisement up to its options. */
struct discovery_message {
	__u8 type, code;
	__be16 checksum_be;
	__be32 flags_be;
	struct in6_addr target;
};

static __always_inline int is_of_link(__u32 ifindex, const struct ip_addr *address)
{
	struct pod_source_key key = {.ifindex = ifindex, .address = *address};

	return bpf_map_lookup_elem(&pod_sources, &key) != NULL;
}

static __always_inline int is_of_link_v4(__u32 ifindex, __be32 address_be)
{
	struct ip_addr address = ip_addr_from_v4(address_be);

	return is_of_link(ifindex, &address);
}

/* Requests for the gateway, announcements and probes (RFC 5227: sender 0.0.0.0) of an own address, replies to whoever asks for one.
 */
static __always_inline int is_arp_of_pod(struct __sk_buff *skb)
{
	struct frame frame = readable_frame(skb, ETHER_HEADER_SIZE + sizeof(struct arp_packet));
	struct ethhdr *ethernet = frame.data;
	struct arp_packet *arp = frame.data + ETHER_HEADER_SIZE;
	__u32 ifindex = skb->ifindex;
	int request;

	if ((void *)(arp + 1) > frame.data_end)
		return 0;
	request = arp->operation_be == bpf_htons(ARP_REQUEST);
	if (arp->hardware_be != bpf_htons(1) || arp->protocol_be != bpf_htons(ETHERTYPE_IPV4) || arp->hardware_size != 6 ||
	    arp->protocol_size != 4 || (!request && arp->operation_be != bpf_htons(ARP_REPLY)))
		return 0;
	if (__builtin_memcmp(ethernet->h_source, &arp->sender_mac, sizeof(arp->sender_mac)))
		return 0;
	if (request && arp->target_be != bpf_htonl(POD_GATEWAY_IPV4) && !is_of_link_v4(ifindex, arp->target_be))
		return 0;
	if (request && !arp->sender_be)
		return 1;
	return is_of_link_v4(ifindex, arp->sender_be);
}

static __always_inline int is_gateway_v6(const struct ip_addr *address)
{
	const __be32 *words = address->words_be;

	return words[0] == bpf_htonl(POD_GATEWAY_IPV6_FIRST) && !(words[1] | words[2]) &&
	       words[3] == bpf_htonl(POD_GATEWAY_IPV6_LAST);
}

/* Link-local addresses of a pod are its own affair: they are in no map, and the node has none on that link to answer with. */
static __always_inline int is_discovery_of_pod(__u32 ifindex, const struct packet *packet, const struct discovery_message *message)
{
	struct ip_addr target = ip_addr_from_v6(&message->target);

	if (packet->hop_limit != 255 || message->code)
		return 0;
	if (is_of_link(ifindex, &target))
		return 1;
	if (message->type == ICMPV6_NEIGHBOR_ADVERTISEMENT)
		return ip_addr_is_link_local_v6(&target) && ip_addr_equal(&target, &packet->source);
	if (ip_addr_is_unspecified(&packet->source)) /* duplicate address detection, RFC 4862 */
		return ip_addr_is_link_local_v6(&target);
	return is_gateway_v6(&target);
}

enum discovery {
	NO_DISCOVERY,
	DISCOVERY_ALLOWED,
	DISCOVERY_FOREIGN,
};

/* What a message says that no pod has to say, too: a router's or a redirect, and a router solicitation, since no router answers and
 * the node would keep whom it came from. */
verified_alone enum discovery read_discovery(void *context __arg_ctx, const struct packet *packet __arg_nonnull)
{
	struct __sk_buff *skb = context;
	struct discovery_message message;
	__u32 offset = packet->payload_offset;

	if (bpf_skb_load_bytes(skb, offset, &message, 8))
		return NO_DISCOVERY;
	if (message.type < ICMPV6_ROUTER_SOLICITATION || message.type > ICMPV6_REDIRECT)
		return NO_DISCOVERY;
	if (message.type != ICMPV6_NEIGHBOR_SOLICITATION && message.type != ICMPV6_NEIGHBOR_ADVERTISEMENT)
		return DISCOVERY_FOREIGN;
	if (bpf_skb_load_bytes(skb, offset, &message, sizeof(message)))
		return DISCOVERY_FOREIGN;
	return is_discovery_of_pod(skb->ifindex, packet, &message) ? DISCOVERY_ALLOWED : DISCOVERY_FOREIGN;
}

static __always_inline enum discovery discovery_of(struct __sk_buff *skb, const struct packet *packet)
{
	return packet->is_v6 && packet->next_header == NEXT_HEADER_ICMPV6 ? read_discovery(skb, packet) : NO_DISCOVERY;
}

/* MLD (RFC 3810) stands behind a router alert of 8 bytes. No query: a pod is no router. */
static __always_inline int is_mld_of_host(struct __sk_buff *skb, const struct packet *packet)
{
	__u8 options[2], type;

	if (packet->next_header != NEXT_HEADER_HOP_BY_HOP || packet->hop_limit != 1)
		return 0;
	if (bpf_skb_load_bytes(skb, packet->payload_offset, options, sizeof(options)) || options[0] != NEXT_HEADER_ICMPV6 ||
	    options[1])
		return 0;
	if (bpf_skb_load_bytes(skb, packet->payload_offset + 8, &type, sizeof(type)))
		return 0;
	return type == ICMPV6_MLD_REPORT || type == ICMPV6_MLD_DONE || type == ICMPV6_MLD2_REPORT;
}

/* Link-local or unspecified: not in pod_sources, and never forwarded. */
static __always_inline int source_is_link_scoped(const struct packet *packet)
{
	return packet->is_v6 && (ip_addr_is_link_local_v6(&packet->source) || ip_addr_is_unspecified(&packet->source));
}

#endif
