/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a socket remembers of the frontends that it called: one for its connection, a few for UDP without one. Called by
 * lib/socket.h; the functions that take *peer change it only where they return true. */
#ifndef ICHOR_LIB_SOCKET_PEERS_H
#define ICHOR_LIB_SOCKET_PEERS_H

#include "lib/address.h"
#include "maps/sockets.h"

struct endpoint {
	struct ip_addr address;
	__be16 port_be;
};

static __always_inline int endpoint_equal(const struct endpoint *a, const struct ip_addr *address, __be16 port_be)
{
	return a->port_be == port_be && ip_addr_equal(&a->address, address);
}

static __always_inline int socket_peer_has_backend(const struct socket_peer *stored, const struct endpoint *backend)
{
	return endpoint_equal(backend, &stored->backend_address, stored->backend_port_be);
}

static __always_inline int socket_peer_has_frontend(const struct socket_peer *stored, const struct endpoint *frontend)
{
	return endpoint_equal(frontend, &stored->frontend_address, stored->frontend_port_be);
}

static __always_inline void socket_peer_set(struct socket_peer *stored, const struct endpoint *backend,
					    const struct endpoint *frontend)
{
	stored->backend_address = backend->address;
	stored->backend_port_be = backend->port_be;
	stored->frontend_address = frontend->address;
	stored->frontend_port_be = frontend->port_be;
}

/* *peer is the frontend that the socket is connected by: turned into the backend that it is connected to. */
static __always_inline int connection_backend(struct bpf_sock *socket, struct endpoint *peer)
{
	struct socket_peer *stored;

	if (!socket->dst_port)
		return 0;
	stored = bpf_sk_storage_get(&socket_peers, socket, NULL, 0);
	if (!stored || !socket_peer_has_frontend(stored, peer))
		return 0;
	peer->address = stored->backend_address;
	peer->port_be = stored->backend_port_be;
	return 1;
}

/* The other way round. What a connect that failed has stored does not fit the connection that stands. */
static __always_inline int connection_frontend(struct bpf_sock *socket, struct endpoint *peer)
{
	struct socket_peer *stored = bpf_sk_storage_get(&socket_peers, socket, NULL, 0);

	if (!stored || !socket_peer_has_backend(stored, peer))
		return 0;
	peer->address = stored->frontend_address;
	peer->port_be = stored->frontend_port_be;
	return 1;
}

/* The TCP connection between these two, or null; to be released. */
static __always_inline struct bpf_sock *tcp_connection(struct bpf_sock_addr *ctx, const struct endpoint *local,
						       const struct endpoint *peer)
{
	struct bpf_sock_tuple tuple = {};
	__u32 size;

	if (ip_addr_is_v4(&peer->address)) {
		size = sizeof(tuple.ipv4);
		tuple.ipv4.saddr = peer->address.words_be[3];
		tuple.ipv4.sport = peer->port_be;
		tuple.ipv4.daddr = local->address.words_be[3];
		tuple.ipv4.dport = local->port_be;
	} else {
		size = sizeof(tuple.ipv6);
		__builtin_memcpy(tuple.ipv6.saddr, &peer->address, sizeof(peer->address));
		tuple.ipv6.sport = peer->port_be;
		__builtin_memcpy(tuple.ipv6.daddr, &local->address, sizeof(local->address));
		tuple.ipv6.dport = local->port_be;
	}
	return bpf_sk_lookup_tcp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
}

/* An MPTCP socket connects by a TCP socket, which is the one that the hooks of connect see. Both have the same addresses (of IPv4
 * the kernel keeps the mapped form too), by which that one is found while it lives. */
static __always_inline int mptcp_connection_frontend(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	const struct bpf_sock *socket = ctx->sk;
	struct endpoint local = {
		.address.words_be = {socket->src_ip6[0], socket->src_ip6[1], socket->src_ip6[2], socket->src_ip6[3]},
		.port_be = bpf_htons(socket->src_port),
	};
	struct bpf_sock *subflow = tcp_connection(ctx, &local, peer);
	int found;

	if (!subflow)
		return 0;
	found = connection_frontend(subflow, peer);
	bpf_sk_release(subflow);
	return found;
}

static __always_inline struct udp_peer *udp_peer_find(struct udp_peers *peers, const struct endpoint *backend)
{
	for (int i = 0; i < UDP_PEERS; i++)
		if (socket_peer_has_backend(&peers->entries[i].peer, backend))
			return &peers->entries[i];
	return NULL;
}

/* A free one, else the one whose last call is longest ago. */
static __always_inline struct udp_peer *udp_peer_to_replace(struct udp_peers *peers)
{
	struct udp_peer *oldest = &peers->entries[0];

	for (int i = 0; i < UDP_PEERS; i++) {
		struct udp_peer *entry = &peers->entries[i];

		if (!entry->peer.backend_port_be)
			return entry;
		if (peers->clock - entry->called > peers->clock - oldest->called)
			oldest = entry;
	}
	return oldest;
}

/* The socket calls this backend by this frontend: an answer has the name that was called last. */
static __always_inline void udp_peer_remember(struct bpf_sock *socket, const struct endpoint *backend,
					      const struct endpoint *frontend)
{
	struct udp_peers *peers = bpf_sk_storage_get(&udp_peers, socket, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	struct udp_peer *entry;

	if (!peers)
		return;
	entry = udp_peer_find(peers, backend);
	if (!entry)
		entry = udp_peer_to_replace(peers);
	entry->called = ++peers->clock;
	socket_peer_set(&entry->peer, backend, frontend);
}

static __always_inline void udp_peer_forget(struct bpf_sock *socket, const struct endpoint *backend)
{
	struct udp_peers *peers = bpf_sk_storage_get(&udp_peers, socket, NULL, 0);
	struct udp_peer *entry = peers ? udp_peer_find(peers, backend) : NULL;

	if (entry)
		entry->peer = (struct socket_peer){};
}

/* The frontend that this backend was called by. */
static __always_inline int udp_peer_frontend(struct bpf_sock *socket, struct endpoint *peer)
{
	struct udp_peers *peers = bpf_sk_storage_get(&udp_peers, socket, NULL, 0);
	struct udp_peer *entry = peers ? udp_peer_find(peers, peer) : NULL;

	if (!entry)
		return 0;
	peer->address = entry->peer.frontend_address;
	peer->port_be = entry->peer.frontend_port_be;
	return 1;
}

#endif
