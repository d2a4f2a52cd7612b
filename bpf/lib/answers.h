/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the node answers in a Service's name, made of the packet that is answered: echo replies, and that nobody is there. */
#ifndef ICHOR_LIB_ANSWERS_H
#define ICHOR_LIB_ANSWERS_H

#include "lib/checksum.h"
#include "lib/config.h"
#include "lib/transport.h"
#include "lib/verdict.h"

#define ANSWER_HOP_LIMIT 64
#define TCP_HEADER_SIZE 20

struct tcp_reset {
	__be16 source_port_be, destination_port_be;
	__be32 sequence_be, acknowledged_be;
	__u8 header_size; /* upper four bits, in words */
	__u8 flags;
	__be16 window_be;
	__u16 checksum;
	__be16 urgent_be;
};

struct icmp_unreachable {
	__u8 type, code;
	__u16 checksum;
	__u32 zero;
};

static __always_inline __u32 ip_header_size(__u32 is_v6)
{
	return is_v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
}

static __always_inline int has_budget(void)
{
	__u64 second = bpf_ktime_get_coarse_ns() / NANOSECONDS_PER_SECOND;
	__u32 only = 0;
	struct answer_budget *budget = bpf_map_lookup_elem(&answer_budgets, &only);

	if (!budget)
		return 0;
	if (budget->second != second)
		*budget = (struct answer_budget){.second = second};
	return budget->answers++ < ANSWERS_PER_SECOND;
}

/* Of the addresses, protocol and size that an upper checksum covers; not inverted. The upper words of an IPv4 address count as 0.
 */
static __always_inline __u16 pseudo_header_sum(const struct packet *packet, __u8 protocol, __u32 size)
{
	__u64 sum = bpf_htons(protocol) + bpf_htons(size);

	for (int i = 0; i < 4; ++i)
		sum += (__u64)packet->source.words_be[i] + packet->destination.words_be[i];
	return sum_fold(sum);
}

static __always_inline __u16 sum_of(const void *bytes, __u32 size, __u32 before)
{
	return sum_fold((__u32)bpf_csum_diff(NULL, 0, (void *)bytes, size, before));
}

/* As they lie in a frame: whom it is for, who sent it. */
struct ether_macs {
	struct ether_mac macs[2];
} __attribute__((aligned(4))); /* or the compiler copies byte by byte */

static __always_inline struct ether_macs turned(const struct ether_macs *read)
{
	return (struct ether_macs){{read->macs[1], read->macs[0]}};
}

/* Ethernet and IP headers of an answer with `size` bytes behind them, to where the packet with those addresses came from. 0: done.
 */
verified_alone int write_headers(void *context __arg_ctx, const struct packet *packet __arg_nonnull,
				 const struct ether_macs *read __arg_nonnull, __u32 protocol, __u32 size)
{
	struct __sk_buff *skb = context;
	struct ether_macs macs = turned(read);
	struct ipv6hdr v6 = {.version = 6, .payload_len = bpf_htons(size), .nexthdr = protocol, .hop_limit = ANSWER_HOP_LIMIT};
	struct iphdr v4 = {.version = 4,
			   .ihl = 5,
			   .tot_len = bpf_htons(sizeof(v4) + size),
			   .frag_off = bpf_htons(0x4000),
			   .ttl = ANSWER_HOP_LIMIT,
			   .protocol = protocol,
			   .saddr = packet->destination.words_be[3],
			   .daddr = packet->source.words_be[3]};
	__be16 ethertype_be = skb->protocol;

	if (bpf_skb_store_bytes(skb, 0, &macs, sizeof(macs), 0) ||
	    bpf_skb_store_bytes(skb, sizeof(macs), &ethertype_be, sizeof(ethertype_be), 0))
		return -1;
	if (packet->is_v6) {
		__builtin_memcpy(&v6.saddr, &packet->destination, sizeof(v6.saddr));
		__builtin_memcpy(&v6.daddr, &packet->source, sizeof(v6.daddr));
		return bpf_skb_store_bytes(skb, ETHER_HEADER_SIZE, &v6, sizeof(v6), BPF_F_RECOMPUTE_CSUM);
	}
	v4.check = ~sum_of(&v4, sizeof(v4), 0);
	return bpf_skb_store_bytes(skb, ETHER_HEADER_SIZE, &v4, sizeof(v4), BPF_F_RECOMPUTE_CSUM);
}

/* Bytes of sequence numbers that a segment takes up (RFC 9293 section 3.4). */
static __always_inline __u32 segment_length(const struct tcp_reset *segment, __u32 ip_payload)
{
	__u32 header = (segment->header_size >> 4) * 4;

	return (ip_payload > header ? ip_payload - header : 0) + !!(segment->flags & TCP_SYN) + !!(segment->flags & TCP_FIN);
}

/* What the IP header says is behind it; of big TCP, whose field is 0, nothing. */
static __always_inline __u32 ip_payload_size(struct __sk_buff *skb, __u32 is_v6)
{
	__be16 size_be = 0;

	bpf_skb_load_bytes(skb, ETHER_HEADER_SIZE + (is_v6 ? 4 : 2), &size_be, sizeof(size_be));
	if (is_v6)
		return bpf_ntohs(size_be);
	return size_be ? bpf_ntohs(size_be) - sizeof(struct iphdr) : 0;
}

/* RST by RFC 9293 section 3.10.7.1, "if the state is CLOSED". Headers have no options: the segment is where the answer's will be.
 */
verified_alone int answer_reset(void *context __arg_ctx, const struct packet *packet __arg_nonnull)
{
	struct __sk_buff *skb = context;
	__u32 offset = ETHER_HEADER_SIZE + ip_header_size(packet->is_v6);
	struct tcp_reset segment, reset = {.header_size = TCP_HEADER_SIZE / 4 << 4, .flags = TCP_RST};
	struct ether_macs macs;
	__u16 pseudo = pseudo_header_sum(packet, PROTOCOL_TCP, sizeof(reset));
	__u8 state = sum_state(skb);

	if (bpf_skb_load_bytes(skb, 0, &macs, sizeof(macs)) || bpf_skb_load_bytes(skb, offset, &segment, sizeof(segment)) ||
	    (segment.flags & TCP_RST))
		return TC_ACT_SHOT;
	reset.source_port_be = segment.destination_port_be;
	reset.destination_port_be = segment.source_port_be;
	if (segment.flags & TCP_ACK) {
		reset.sequence_be = segment.acknowledged_be;
	} else {
		reset.flags |= TCP_ACK;
		reset.acknowledged_be =
			bpf_htonl(bpf_ntohl(segment.sequence_be) + segment_length(&segment, ip_payload_size(skb, packet->is_v6)));
	}
	/* What the device has to finish, it finishes where the segment's checksum was. */
	reset.checksum = state == SUM_PARTIAL ? pseudo : (__u16)~sum_of(&reset, sizeof(reset), pseudo);
	if (bpf_skb_change_tail(skb, offset + sizeof(reset), 0) || write_headers(skb, packet, &macs, PROTOCOL_TCP, sizeof(reset)) ||
	    bpf_skb_store_bytes(skb, offset, &reset, sizeof(reset), BPF_F_RECOMPUTE_CSUM))
		return TC_ACT_SHOT;
	return TC_ACT_REDIRECT;
}

/* A UDP header's bytes sum up to nothing but the pseudo header once a device has finished its checksum. */
static __always_inline __u16 quoted_sum(const __u8 *quoted, __u32 is_v6, __u8 state)
{
	__u32 ip = ip_header_size(is_v6);
	__u16 of_ip = is_v6 ? sum_of(quoted, sizeof(struct ipv6hdr), 0) : sum_of(quoted, sizeof(struct iphdr), 0);

	if (state == SUM_PARTIAL)
		return sum_fold((__u64)of_ip + (__u16) ~*(const __u16 *)(quoted + ip + 6));
	return sum_of(quoted + ip, 8, of_ip);
}

/* "Port unreachable" (RFC 792, RFC 4443 section 3.1) with the IP header and the first 8 bytes of the datagram, which is all that a
 * socket is found by. The old headers stay where they are, for a device that has yet to finish their checksum. */
verified_alone int answer_unreachable(void *context __arg_ctx, const struct packet *packet __arg_nonnull)
{
	struct __sk_buff *skb = context;
	__u32 ip = ip_header_size(packet->is_v6), quoted_size = ip + 8, size = sizeof(struct icmp_unreachable) + quoted_size;
	struct icmp_unreachable error = {.type = packet->is_v6 ? 1 : 3, .code = packet->is_v6 ? 4 : 3};
	__u8 protocol = packet->is_v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP;
	__u8 quoted[sizeof(struct ipv6hdr) + 8] __attribute__((aligned(4))) = {};
	struct ether_macs macs;
	__u16 sum;

	if (bpf_skb_load_bytes(skb, 0, &macs, sizeof(macs)) || bpf_skb_change_tail(skb, ETHER_HEADER_SIZE + quoted_size, 0) ||
	    bpf_skb_load_bytes(skb, ETHER_HEADER_SIZE, quoted, quoted_size))
		return TC_ACT_SHOT;
	sum = quoted_sum(quoted, packet->is_v6, sum_state(skb));
	if (packet->is_v6)
		sum = sum_fold((__u64)sum + pseudo_header_sum(packet, protocol, size));
	error.checksum = ~sum_of(&error, sizeof(error), sum);
	if (bpf_skb_change_head(skb, ip + sizeof(error), 0) || write_headers(skb, packet, &macs, protocol, size) ||
	    bpf_skb_store_bytes(skb, ETHER_HEADER_SIZE + ip, &error, sizeof(error), BPF_F_RECOMPUTE_CSUM))
		return TC_ACT_SHOT;
	return TC_ACT_REDIRECT;
}

/* Ends a packet for a Service that cannot have it; where nobody is there at all, the sender hears so. TC_ACT_*. */
verified_alone int refuse(void *context __arg_ctx, const struct packet *packet __arg_nonnull, __u32 reason)
{
	struct __sk_buff *skb = context;
	struct transport transport;
	int verdict = TC_ACT_SHOT;

	count_drop(reason);
	if ((reason != DROP_NO_ENDPOINT && reason != DROP_NO_FRONTEND) || (datapath_config.flags & DATAPATH_SILENT_REFUSALS))
		return TC_ACT_SHOT;
	read_transport(skb, packet, &transport);
	if (transport.kind != TRANSPORT_PORTS || transport.is_fragment ||
	    transport.offset != ETHER_HEADER_SIZE + ip_header_size(packet->is_v6))
		return TC_ACT_SHOT;
	if (!has_budget())
		return drop_packet(DROP_ANSWER_LIMIT);
	if (transport.protocol == PROTOCOL_TCP)
		verdict = answer_reset(skb, packet);
	else
		verdict = answer_unreachable(skb, packet);
	return verdict == TC_ACT_REDIRECT ? bpf_redirect(skb->ifindex, 0) : verdict;
}

static __always_inline int turn_addresses(struct __sk_buff *skb, const struct packet *packet, const struct ether_macs *read)
{
	struct ether_macs macs = turned(read);
	__u32 offset = ETHER_HEADER_SIZE + (packet->is_v6 ? 8 : 12);
	__be32 v4[2] = {packet->destination.words_be[3], packet->source.words_be[3]};
	struct ip_addr v6[2] = {packet->destination, packet->source};

	if (bpf_skb_store_bytes(skb, 0, &macs, sizeof(macs), 0))
		return -1;
	return packet->is_v6 ? bpf_skb_store_bytes(skb, offset, v6, sizeof(v6), BPF_F_RECOMPUTE_CSUM)
			     : bpf_skb_store_bytes(skb, offset, v4, sizeof(v4), BPF_F_RECOMPUTE_CSUM);
}

/* Or a later fragment of one, which cannot be told from one of a reply. */
static __always_inline int is_echo_request(const struct packet *packet, const struct transport *transport)
{
	if (transport->kind == TRANSPORT_LATER)
		return transport->protocol == (packet->is_v6 ? PROTOCOL_ICMPV6 : PROTOCOL_ICMP);
	return transport->kind == TRANSPORT_ECHO && !transport->is_reply;
}

static __always_inline int renew_hop_limit(struct __sk_buff *skb, const struct packet *packet)
{
	__be16 v4[2] = {bpf_htons(ANSWER_HOP_LIMIT << 8 | packet->next_header)}; /* TTL and protocol, checksum */
	__be16 before = bpf_htons(packet->hop_limit << 8 | packet->next_header);
	__u8 v6 = ANSWER_HOP_LIMIT;

	if (packet->is_v6)
		return bpf_skb_store_bytes(skb, ETHER_HEADER_SIZE + 7, &v6, sizeof(v6), BPF_F_RECOMPUTE_CSUM);
	if (bpf_skb_load_bytes(skb, ETHER_HEADER_SIZE + 10, &v4[1], sizeof(v4[1])))
		return -1;
	v4[1] = sum_changed(v4[1], port_difference(before, v4[0]));
	return bpf_skb_store_bytes(skb, ETHER_HEADER_SIZE + 8, v4, sizeof(v4), BPF_F_RECOMPUTE_CSUM);
}

/* An echo request, or a later fragment of one, goes back as the reply; the same addresses in the other order leave the checksum as
 * it is. `flags` of bpf_redirect. TC_ACT_*. */
verified_alone int answer_echo(void *context __arg_ctx, const struct packet *packet __arg_nonnull, __u64 flags)
{
	struct __sk_buff *skb = context;
	struct transport transport;
	struct ether_macs macs;
	__u16 type_and_code = packet->is_v6 ? bpf_htons(129 << 8) : 0, asked = bpf_htons(packet->is_v6 ? 128 << 8 : 8 << 8);
	__u16 checksum;

	if (!has_budget())
		return drop_packet(DROP_ANSWER_LIMIT);
	read_transport(skb, packet, &transport);
	if (bpf_skb_load_bytes(skb, 0, &macs, sizeof(macs)) || turn_addresses(skb, packet, &macs) || renew_hop_limit(skb, packet))
		return drop_packet(DROP_MALFORMED);
	if (transport.kind == TRANSPORT_LATER)
		return bpf_redirect(skb->ifindex, flags);
	if (bpf_skb_load_bytes(skb, transport.offset + 2, &checksum, sizeof(checksum)))
		return drop_packet(DROP_MALFORMED);
	checksum = sum_changed(checksum, port_difference(asked, type_and_code));
	if (bpf_skb_store_bytes(skb, transport.offset, &type_and_code, sizeof(type_and_code), BPF_F_RECOMPUTE_CSUM) ||
	    bpf_skb_store_bytes(skb, transport.offset + 2, &checksum, sizeof(checksum), BPF_F_RECOMPUTE_CSUM))
		return drop_packet(DROP_MALFORMED);
	return bpf_redirect(skb->ifindex, flags);
}

#endif
