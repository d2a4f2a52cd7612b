/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Connections of the kernel's own tracking, as kube-proxy's rules left them when ichor came. What it translates goes on through the
 * stack, and what answers somebody calls no Service. It is asked only for packets without a flow, and only while there are such
 * rules. */
#ifndef ICHOR_LIB_KERNEL_CONNECTIONS_H
#define ICHOR_LIB_KERNEL_CONNECTIONS_H

#include "lib/deliver.h"
#include "lib/flows.h"

/* What is known of such a connection: two of the kernel's bits of its status (linux/netfilter/nf_conntrack_common.h), and more. */
enum kernel_connection {
	KERNEL_HAS = 1 << 0,			/* one with such packets */
	KERNEL_ANSWER = 1 << 1,			/* the packet is one */
	KERNEL_TRANSLATES_SOURCE = 1 << 4,	/* IPS_SRC_NAT: who opened it is seen as somebody else */
	KERNEL_TRANSLATES_DESTINATION = 1 << 5, /* IPS_DST_NAT: who answers it is called by another name */
	KERNEL_TRANSLATES = KERNEL_TRANSLATES_SOURCE | KERNEL_TRANSLATES_DESTINATION,
};
#define KERNEL_TCP_STATE_SHIFT 8 /* enum tcp_conntrack lies above */

/* What is read of the kernel's own, wherever this kernel has it. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct nf_conn___read {
	struct nf_conntrack_tuple_hash tuplehash[2];
	unsigned long status;
	union nf_conntrack_proto proto;
};
#pragma clang attribute pop

/* As the kernel's, in the length that all versions take. */
struct bpf_ct_opts___asked {
	__s32 netns_id;
	__s32 error;
	__u8 protocol;
	__u8 direction;
	__u16 zero;
};

extern struct nf_conn *bpf_skb_ct_lookup(struct __sk_buff *skb, struct bpf_sock_tuple *tuple, __u32 tuple__sz,
					 struct bpf_ct_opts___asked *options, __u32 options__sz) __weak __ksym;
extern void bpf_ct_release(struct nf_conn *connection) __weak __ksym;

/* struct bpf_sock_tuple of IPv4, without the room that IPv6 needs: the stack is short where this is asked. */
struct kernel_tuple_v4 {
	__be32 source_be;
	__be32 destination_be;
	__be16 source_port_be;
	__be16 destination_port_be;
};

/* A key begins as the kernel's tuple of IPv6 does; for IPv4 `v4` is filled. */
static __always_inline struct bpf_sock_tuple *kernel_tuple(const struct flow_key *key, __u32 is_v6, struct kernel_tuple_v4 *v4)
{
	v4->source_be = key->source.words_be[3];
	v4->destination_be = key->destination.words_be[3];
	v4->source_port_be = key->source_port_be;
	v4->destination_port_be = key->destination_port_be;
	return is_v6 ? (void *)key : (void *)v4;
}

static __always_inline __u32 kernel_tuple_size(__u32 is_v6)
{
	struct bpf_sock_tuple *tuple;

	return is_v6 ? sizeof(tuple->ipv6) : sizeof(tuple->ipv4);
}

struct kernel_answers {
	__be32 address_be[4]; /* IPv4: the first word */
	__be16 port_be;
	__u16 zero;
};

static __always_inline int kernel_ask(struct __sk_buff *skb, const struct flow_key *key, __u32 is_v6,
				      struct kernel_answers *answers)
{
	struct bpf_ct_opts___asked options = {.netns_id = BPF_F_CURRENT_NETNS, .protocol = key->protocol};
	struct kernel_tuple_v4 v4;
	struct bpf_sock_tuple *tuple = kernel_tuple(key, is_v6, &v4);
	const struct nf_conn___read *read;
	struct nf_conn *connection;
	int found;

	if (!bpf_ksym_exists(bpf_skb_ct_lookup) || !bpf_ksym_exists(bpf_ct_release))
		return 0;
	connection = bpf_skb_ct_lookup(skb, tuple, kernel_tuple_size(is_v6), &options, sizeof(options));
	if (!connection)
		return 0;
	read = (const void *)connection;
	found = KERNEL_HAS | options.direction * KERNEL_ANSWER | (read->status & KERNEL_TRANSLATES) |
		read->proto.tcp.state << KERNEL_TCP_STATE_SHIFT;
	for (int i = 0; answers && i < 4; ++i)
		answers->address_be[i] = read->tuplehash[IP_CT_DIR_REPLY].tuple.src.u3.ip6[i];
	if (answers)
		answers->port_be = read->tuplehash[IP_CT_DIR_REPLY].tuple.src.u.all;
	bpf_ct_release(connection);
	return found;
}

/* enum kernel_connection of what has packets like the key's. 0: none. No branches: each would cost the verifier in every program.
 */
verified_alone int kernel_connection(void *context __arg_ctx, const struct flow_key *key __arg_nonnull, __u32 is_v6)
{
	return kernel_ask(context, key, is_v6, NULL);
}

/* Nobody has acknowledged an answer yet. */
static __always_inline int is_half_open_in_kernel(int kernel_connection)
{
	return kernel_connection >> KERNEL_TCP_STATE_SHIFT <= TCP_CONNTRACK_SYN_RECV;
}

static __always_inline int is_kernel_translating(void)
{
	const struct direct_delivery *delivery = delivery_settings();

	return delivery && (delivery->flags & DELIVERY_KERNEL_TRANSLATES);
}

/* Whether what a pod sends out is of a connection that began before ichor came: an answer to who called the pod's own address, or
 * for who is called by another name. */
verified_alone int departs_as_before(void *context __arg_ctx, const struct flow_key *departing __arg_nonnull, __u32 is_v6,
				     __u32 tcp_flags)
{
	struct flow_key answering = {.source = departing->destination,
				     .destination = departing->source,
				     .source_port_be = departing->destination_port_be,
				     .destination_port_be = departing->source_port_be,
				     .protocol = departing->protocol};
	int kernels = kernel_connection(context, departing, is_v6);

	if (!(kernels & (KERNEL_TRANSLATES | KERNEL_ANSWER))) {
		kernels = kernel_connection(context, &answering, is_v6);
		if (!(kernels & KERNEL_TRANSLATES_DESTINATION))
			return 0;
	}
	return !is_first_of_connection(tcp_flags) || is_half_open_in_kernel(kernels);
}

#endif
