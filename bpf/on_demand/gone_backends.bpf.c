// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What still talks to a UDP backend that has left its Service is cut off, so that it chooses anew: flows from outside, and sockets
 * of this node that are connected. The agent lists backends that left something; whether it was this socket's Service, or this
 * flow's, is asked of the Service as it is now, where those that are leaving count too. */
#include "abi/gone_backends.h"
#include "lib/flows.h"
#include "lib/node_ports.h"
#include "lib/program.h"
#include "lib/socket_peers.h"

#define AF_INET 2

/* What is read of the kernel's own, wherever this kernel has it. */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common___read {
	unsigned int inum;
};
struct net___read {
	struct ns_common___read ns;
};
typedef struct {
	struct net___read *net;
} possible_net_t___read;
struct sock_common___read {
	__be32 skc_daddr;
	__be16 skc_dport;
	unsigned short skc_family;
	possible_net_t___read skc_net;
	struct in6_addr skc_v6_daddr;
};
struct sock___read {
	struct sock_common___read __sk_common;
	__u16 sk_protocol;
};
#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, GONE_BACKENDS);
	__type(key, struct gone_backend);
	__type(value, __u32);
} gone_backends SEC(".maps");

static __always_inline int has_left_some_service(const struct ip_addr *address, __be16 port_be)
{
	struct gone_backend key = {.address = *address, .port_be = port_be};

	return bpf_map_lookup_elem(&gone_backends, &key) != NULL;
}

/* Of UDP; a NodePort's too. Null: nobody's address and port. */
static __always_inline struct frontend *frontend_at(const struct ip_addr *address, __be16 port_be)
{
	struct frontend_key key = {.address = *address, .port_be = port_be, .protocol = IPPROTO_UDP};
	struct frontend *frontend = bpf_map_lookup_elem(&frontend_sets, &key);

	if (frontend || !bpf_map_lookup_elem(&node_addresses, address))
		return frontend;
	key = node_port_key(address, port_be, IPPROTO_UDP);
	return bpf_map_lookup_elem(&frontend_sets, &key);
}

static __always_inline int set_has(__u32 set, const struct ip_addr *address, __be16 port_be)
{
	return set && service_find_backend(service_with_leaving(service_load(set)), address, port_be, 0) != BACKEND_NOT_FOUND;
}

static __noinline int socket_peer_is_gone(const struct socket_peer *peer)
{
	struct frontend *frontend;

	if (!peer || !has_left_some_service(&peer->backend_address, peer->backend_port_be))
		return 0;
	frontend = frontend_at(&peer->frontend_address, peer->frontend_port_be);
	return !frontend || !set_has(frontend_set(frontend->callers), &peer->backend_address, peer->backend_port_be);
}

static __always_inline int is_to_service(const struct flow_key *key, const struct flow *flow)
{
	return key->way == FLOW_ARRIVES && (flow->flags & FLOW_OPENER) &&
	       (flow->port_be != key->destination_port_be || !ip_addr_equal(&flow->address, &key->destination));
}

static long look_at_flow(struct bpf_map *map, struct flow_key *key, struct flow *flow, void *context)
{
	struct flow_key ended = *key;
	struct frontend *frontend;

	(void)map, (void)context;
	if (key->protocol != IPPROTO_UDP || !is_to_service(key, flow) || !has_left_some_service(&flow->address, flow->port_be))
		return 0;
	frontend = frontend_at(&key->destination, key->destination_port_be);
	if (frontend && (set_has(frontend_set(frontend->arrivals), &flow->address, flow->port_be) ||
			 set_has(frontend_set(frontend->callers), &flow->address, flow->port_be)))
		return 0;
	flow_end(&ended, flow);
	return 0;
}

/* By BPF_PROG_TEST_RUN. */
SEC("syscall")
int end_flows(void *context)
{
	(void)context;
	bpf_for_each_map_elem(&flows, look_at_flow, NULL, 0);
	return 0;
}

/* Over socket_peers: the inode numbers of the network namespaces that have such sockets, each as often as it has some. */
SEC("iter/bpf_sk_storage_map")
int find_sockets(struct bpf_iter__bpf_sk_storage_map *ctx)
{
	const struct socket_peer *stored = ctx->value;
	const struct sock___read *socket = (const void *)ctx->sk;
	struct socket_peer peer;
	__u32 inode;

	if (!socket || !stored || socket->sk_protocol != IPPROTO_UDP)
		return 0;
	peer = *stored;
	if (!socket_peer_is_gone(&peer))
		return 0;
	inode = socket->__sk_common.skc_net.net->ns.inum;
	bpf_seq_write(ctx->meta->seq, &inode, sizeof(inode));
	return 0;
}

/* What a connect that failed has stored does not fit the connection that stands. */
static __always_inline int is_connected_to(const struct sock_common___read *common, const struct socket_peer *peer)
{
	struct ip_addr address;

	if (common->skc_family == AF_INET)
		address = ip_addr_from_v4(common->skc_daddr);
	else
		for (int i = 0; i < 4; i++)
			address.words_be[i] = common->skc_v6_daddr.in6_u.u6_addr32[i];
	return common->skc_dport == peer->backend_port_be && ip_addr_equal(&address, &peer->backend_address);
}

/* Over the UDP sockets of the network namespace of whoever reads. */
SEC("iter/udp")
int close_sockets(struct bpf_iter__udp *ctx)
{
	struct udp_sock *socket = ctx->udp_sk;
	struct socket_peer *stored, peer;

	if (!socket)
		return 0;
	stored = bpf_sk_storage_get(&socket_peers, socket, NULL, 0);
	if (!stored)
		return 0;
	peer = *stored;
	if (socket_peer_is_gone(&peer) && is_connected_to((const void *)socket, &peer))
		bpf_sock_destroy((struct sock_common *)socket);
	return 0;
}
