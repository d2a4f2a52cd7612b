/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Services at the socket: the application calls the frontend and talks to a backend without a packet being touched.
 * programs/socket.bpf.c puts these steps on the hooks of both families; the addresses here know no family. */
#ifndef ICHOR_LIB_SOCKET_H
#define ICHOR_LIB_SOCKET_H

#include "lib/affinity.h"
#include "lib/node_ports.h"
#include "lib/socket_peers.h"
#include "lib/verdict.h"

#define ECONNREFUSED 111
#define EHOSTUNREACH 113

enum socket_verdict {
	SOCKET_KEEP,	/* the address stays as the application gave it */
	SOCKET_REWRITE, /* *endpoint is the new one */
	SOCKET_REFUSE,
};

static __always_inline enum socket_verdict socket_refuse(enum drop_reason reason, int error)
{
	count_drop(reason);
	bpf_set_retval(-error);
	return SOCKET_REFUSE;
}

static __noinline int is_of_host(struct bpf_sock_addr *ctx)
{
	return datapath_config.host_netns && bpf_get_netns_cookie(ctx) == datapath_config.host_netns;
}

/* The set of a NodePort for this socket; 0: the address is no node's, the port no Service's, or a peer is to choose. */
static __noinline __u32 node_port_for_callers(struct bpf_sock_addr *ctx, const struct ip_addr *address, __be16 port_be)
{
	struct node_address *node = bpf_map_lookup_elem(&node_addresses, address);
	struct frontend_key key = node_port_key(address, port_be, ctx->protocol);
	struct frontend *frontend;
	__u32 set;

	if (!node || (node->callers && node->callers != bpf_get_netns_cookie(ctx)))
		return 0;
	frontend = bpf_map_lookup_elem(&frontend_sets, &key);
	set = frontend ? frontend_set(frontend->callers) : 0;
	if (set && node->peer && (service_load(set) & SERVICE_EXTERNAL_LOCAL))
		return 0;
	return set;
}

/* A hostPort at a loopback address is the node's, while a pod's own such address means the pod. Source ranges are asked for a pod's
 * packets, since a socket that has yet to connect has no address. */
static __always_inline int is_for_host_alone(const struct frontend *frontend, const struct ip_addr *address)
{
	return is_loopback_v4(address) || ((frontend->arrivals & FRONTEND_RESTRICTED) && is_translating());
}

/* The set that this address leads to; 0: not a service, or a protocol that has none here. */
static __always_inline __u32 socket_service(struct bpf_sock_addr *ctx, const struct endpoint *called)
{
	struct frontend_key key = {.address = called->address, .port_be = called->port_be, .protocol = ctx->protocol};
	struct frontend *frontend;

	if (ctx->protocol != IPPROTO_TCP && ctx->protocol != IPPROTO_UDP)
		return 0;
	if ((datapath_config.flags & DATAPATH_HOST_SOCKETS_ONLY) && !is_of_host(ctx))
		return 0;
	frontend = bpf_map_lookup_elem(&frontend_sets, &key);
	if (frontend)
		return is_for_host_alone(frontend, &called->address) && !is_of_host(ctx) ? 0 : frontend_set(frontend->callers);
	return is_node_port(called->port_be) ? node_port_for_callers(ctx, &called->address, called->port_be) : 0;
}

/* The client is a network namespace of this machine. */
static __noinline __u32 caller_slot(__u64 cookie, __u32 set, service_handle handle, __u32 choice)
{
	struct affinity_key key = {.client = cookie, .set = set};

	return affinity_slot(AFFINITY_OF_CALLER, &key, set, handle, choice);
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
		choice = caller_slot(bpf_get_netns_cookie(ctx), set, handle, choice);
	backend = service_backend(handle, choice);
	if (!backend)
		return socket_refuse(DROP_STALE_BACKEND, ECONNREFUSED);
	peer->address = backend->address;
	peer->port_be = backend->port_be;
	return SOCKET_REWRITE;
}

/* A UDP socket stays with one backend of a frontend while the set stays, whether it connects or not: protocols with several
 * datagrams live on that. */
static __always_inline __u32 datagram_choice(__u64 cookie, const struct endpoint *frontend)
{
	__u64 mixed = cookie ^ ((__u64)frontend->address.words_be[3] << 16 | frontend->port_be);

	mixed ^= (__u64)frontend->address.words_be[0] << 32 | frontend->address.words_be[1];
	mixed ^= (__u64)frontend->address.words_be[2] << 24;
	mixed *= 0x9e3779b97f4a7c15ULL; /* Fibonacci hashing: 2^64 divided by the golden ratio */
	return mixed >> 32;
}

/* Each TCP connection chooses anew, unless the Service's clients keep their backends. */
static __always_inline __u32 connection_choice(struct bpf_sock_addr *ctx, const struct endpoint *frontend)
{
	if (ctx->protocol == IPPROTO_UDP)
		return datagram_choice(bpf_get_socket_cookie(ctx), frontend);
	return bpf_get_prandom_u32();
}

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
	verdict = socket_translate(ctx, set, connection_choice(ctx, &frontend), peer);
	if (verdict != SOCKET_REWRITE)
		return verdict;
	stored = bpf_sk_storage_get(&socket_peers, ctx->sk, NULL, BPF_SK_STORAGE_GET_F_CREATE);
	if (stored)
		socket_peer_set(stored, peer, &frontend);
	return SOCKET_REWRITE;
}

/* sendto(2) with an address, on a socket that may be connected. The connection's frontend leads to the connection's backend,
 * whatever became of the Service since: the kernel drops what another one answers. */
static __always_inline enum socket_verdict socket_sendmsg(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	struct endpoint frontend = *peer;
	enum socket_verdict verdict;
	__u32 set;

	if (connection_backend(ctx->sk, peer))
		return SOCKET_REWRITE;
	set = socket_service(ctx, peer);
	if (!set) {
		udp_peer_forget(ctx->sk, peer); /* now it calls the backend by its own name */
		return SOCKET_KEEP;
	}
	verdict = socket_translate(ctx, set, datagram_choice(bpf_get_socket_cookie(ctx), &frontend), peer);
	if (verdict == SOCKET_REWRITE)
		udp_peer_remember(ctx->sk, peer, &frontend);
	return verdict;
}

/* The frontend through which a connected socket reached *peer. */
static __always_inline enum socket_verdict socket_getpeername(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	int found = ctx->protocol == IPPROTO_MPTCP ? mptcp_connection_frontend(ctx, peer) : connection_frontend(ctx->sk, peer);

	return found ? SOCKET_REWRITE : SOCKET_KEEP;
}

/* The frontend that the sender of this datagram was called by. */
static __always_inline enum socket_verdict socket_recvmsg(struct bpf_sock_addr *ctx, struct endpoint *peer)
{
	/* A socket that was disconnected since has no destination port, and what its connection stored is void. */
	if (ctx->sk->dst_port && connection_frontend(ctx->sk, peer))
		return SOCKET_REWRITE;
	return udp_peer_frontend(ctx->sk, peer) ? SOCKET_REWRITE : SOCKET_KEEP;
}

#endif
