/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services at the socket: the application calls the frontend and talks to a backend without a packet being touched.
 * programs/socket.bpf.c puts these steps on the hooks of both families; the addresses here know no family. */
#ifndef ICHOR_LIB_SOCKET_H
#define ICHOR_LIB_SOCKET_H

#include "lib/affinity.h"
#include "lib/verdict.h"

#define ECONNREFUSED 111
#define EHOSTUNREACH 113

struct endpoint {
	struct ip_addr address;
	__be16 port_be;
};

enum socket_verdict {
	SOCKET_KEEP,	/* the address stays as the application gave it */
	SOCKET_REWRITE, /* *endpoint is the new one */
	SOCKET_REFUSE,
};

static __always_inline int endpoint_equal(const struct endpoint *a, const struct ip_addr *address, __be16 port_be)
{
	return a->port_be == port_be && ip_addr_equal(&a->address, address);
}

static __always_inline enum socket_verdict socket_refuse(enum drop_reason reason, int error)
{
	count_drop(reason);
	bpf_set_retval(-error);
	return SOCKET_REFUSE;
}

/* The set that this address leads to; 0: not a service, or a protocol that has none here. */
static __always_inline __u32 socket_service(struct bpf_sock_addr *ctx, const struct endpoint *frontend)
{
	if (ctx->protocol != IPPROTO_TCP && ctx->protocol != IPPROTO_UDP)
		return 0;
	return service_for_callers(&frontend->address, frontend->port_be, ctx->protocol);
}

/* A Service with endpoints on other nodes only may be tried again elsewhere, which "connection refused" would talk a client out of.
 */
static __always_inline enum socket_verdict socket_without_backend(service_handle handle)
{
	if (handle & SERVICE_ELSEWHERE)
		return socket_refuse(DROP_NO_LOCAL_ENDPOINT, EHOSTUNREACH);
	return socket_refuse(DROP_NO_ENDPOINT, ECONNREFUSED);
}

static __always_inline enum socket_verdict socket_translate(struct bpf_sock_addr *ctx, __u32 set, __u32 choice,
							    struct endpoint *peer)
{
	service_handle handle = service_load(set);
	struct backend *backend;

	if (!service_handle_size(handle))
		return socket_without_backend(handle);
	if (handle & SERVICE_AFFINITY)
		choice = affinity_choice(bpf_get_netns_cookie(ctx), set, handle, choice);
	backend = service_backend(handle, choice);
	if (!backend)
		return socket_refuse(DROP_STALE_BACKEND, ECONNREFUSED);
	peer->address = backend->address;
	peer->port_be = backend->port_be;
	return SOCKET_REWRITE;
}

/* TCP, and UDP that connects: each connection chooses anew, unless the Service's clients keep their backends. */
static __always_inline enum socket_verdict socket_connect(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	__u32 set = socket_service(ctx, peer);
	struct endpoint frontend = *peer;
	enum socket_verdict verdict;
	struct socket_peer *stored;

	if (!set) {
		bpf_sk_storage_delete(&socket_peers, ctx->sk); /* what an earlier connect left */
		return SOCKET_KEEP;
	}
	verdict = socket_translate(ctx, set, bpf_get_prandom_u32(), peer);
	if (verdict != SOCKET_REWRITE)
		return verdict;
	stored = bpf_sk_storage_get(&socket_peers, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (stored) {
		stored->backend_address = peer->address;
		stored->backend_port_be = peer->port_be;
		stored->frontend_address = frontend.address;
		stored->frontend_port_be = frontend.port_be;
	}
	return SOCKET_REWRITE;
}

/* One socket stays with one backend of a frontend while the set stays: protocols with several datagrams live on that. */
static __always_inline __u32 datagram_choice(__u64 cookie, const struct endpoint *frontend)
{
	__u64 mixed = cookie ^ ((__u64)frontend->address.words_be[3] << 16 | frontend->port_be);

	mixed ^= (__u64)frontend->address.words_be[0] << 32 | frontend->address.words_be[1];
	mixed ^= (__u64)frontend->address.words_be[2] << 24;
	mixed *= 0x9e3779b97f4a7c15ULL; /* Fibonacci hashing: 2^64 divided by the golden ratio */
	return mixed >> 32;
}

static __always_inline struct datagram_peer_key datagram_key(__u64 cookie, const struct endpoint *backend)
{
	return (struct datagram_peer_key){
		.socket_cookie = cookie,
		.backend_address = backend->address,
		.backend_port_be = backend->port_be,
	};
}

/* UDP without a connection. A write per datagram would dominate the call, so only news are stored. */
static __always_inline enum socket_verdict socket_sendmsg(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	__u64 cookie = bpf_get_socket_cookie(ctx);
	__u32 set = socket_service(ctx, peer);
	struct endpoint frontend = *peer;
	struct datagram_peer_key key;
	struct datagram_peer *known;
	enum socket_verdict verdict;

	if (!set) {
		key = datagram_key(cookie, peer);
		if (bpf_map_lookup_elem(&datagram_peers, &key))
			bpf_map_delete_elem(&datagram_peers, &key); /* now it calls the backend by its own name */
		return SOCKET_KEEP;
	}
	verdict = socket_translate(ctx, set, datagram_choice(cookie, &frontend), peer);
	if (verdict != SOCKET_REWRITE)
		return verdict;
	key = datagram_key(cookie, peer);
	known = bpf_map_lookup_elem(&datagram_peers, &key);
	if (!known || !endpoint_equal(&frontend, &known->frontend_address, known->frontend_port_be)) {
		struct datagram_peer value = {
			.frontend_address = frontend.address,
			.frontend_port_be = frontend.port_be,
		};

		bpf_map_update_elem(&datagram_peers, &key, &value, BPF_ANY);
	}
	return SOCKET_REWRITE;
}

/* The frontend through which a connected socket reached *peer. */
static __always_inline enum socket_verdict socket_getpeername(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	struct socket_peer *stored = bpf_sk_storage_get(&socket_peers, ctx->sk, NULL, 0);

	if (!stored || !endpoint_equal(peer, &stored->backend_address, stored->backend_port_be))
		return SOCKET_KEEP;
	peer->address = stored->frontend_address;
	peer->port_be = stored->frontend_port_be;
	return SOCKET_REWRITE;
}

/* The frontend that the sender of this datagram was called by. */
static __always_inline enum socket_verdict socket_recvmsg(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	struct datagram_peer_key key;
	struct datagram_peer *known;

	/* A socket that was disconnected since has no destination port, and what it stored is void. */
	if (ctx->sk->dst_port && socket_getpeername(ctx, peer) == SOCKET_REWRITE)
		return SOCKET_REWRITE;
	key = datagram_key(bpf_get_socket_cookie(ctx), peer);
	known = bpf_map_lookup_elem(&datagram_peers, &key);
	if (!known)
		return SOCKET_KEEP;
	peer->address = known->frontend_address;
	peer->port_be = known->frontend_port_be;
	return SOCKET_REWRITE;
}

#endif
