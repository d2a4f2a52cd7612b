// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Services for the sockets of pods and of the node. connect and sendmsg turn a frontend into a backend before the kernel looks for
 * a route, so the packets are ordinary ones from the first; recvmsg and getpeername tell the application the name that it called.
 * IPv4 behind an IPv6 socket comes to the IPv6 hooks as ::ffff:a.b.c.d, which is how all addresses look here. Each hook is three
 * lines: read the address, take the step in lib/socket.h, write the address. */
#include "lib/program.h"
#include "lib/socket.h"

#define CALL_REFUSED 0
#define CALL_GOES_ON 1

static __always_inline struct endpoint read_v4(struct bpf_sock_addr *ctx)
{
	return (struct endpoint){.address = ip_addr_from_v4(ctx->user_ip4), .port_be = ctx->user_port};
}

static __always_inline struct endpoint read_v6(struct bpf_sock_addr *ctx)
{
	return (struct endpoint){
		.address.words_be = {ctx->user_ip6[0], ctx->user_ip6[1], ctx->user_ip6[2], ctx->user_ip6[3]},
		.port_be = ctx->user_port,
	};
}

static __always_inline int write_v4(struct bpf_sock_addr *ctx, enum socket_verdict verdict, const struct endpoint *peer)
{
	if (verdict == SOCKET_REWRITE) {
		ctx->user_ip4 = peer->address.words_be[3];
		ctx->user_port = peer->port_be;
	}
	return verdict == SOCKET_REFUSE ? CALL_REFUSED : CALL_GOES_ON;
}

static __always_inline int write_v6(struct bpf_sock_addr *ctx, enum socket_verdict verdict, const struct endpoint *peer)
{
	if (verdict == SOCKET_REWRITE) {
		ctx->user_ip6[0] = peer->address.words_be[0];
		ctx->user_ip6[1] = peer->address.words_be[1];
		ctx->user_ip6[2] = peer->address.words_be[2];
		ctx->user_ip6[3] = peer->address.words_be[3];
		ctx->user_port = peer->port_be;
	}
	return verdict == SOCKET_REFUSE ? CALL_REFUSED : CALL_GOES_ON;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v4(ctx);
	enum socket_verdict verdict = socket_connect(ctx, &peer);

	return write_v4(ctx, verdict, &peer);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v6(ctx);
	enum socket_verdict verdict = socket_connect(ctx, &peer);

	return write_v6(ctx, verdict, &peer);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v4(ctx);
	enum socket_verdict verdict = socket_sendmsg(ctx, &peer);

	return write_v4(ctx, verdict, &peer);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v6(ctx);
	enum socket_verdict verdict = socket_sendmsg(ctx, &peer);

	return write_v6(ctx, verdict, &peer);
}

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v4(ctx);
	enum socket_verdict verdict = socket_recvmsg(ctx, &peer);

	return write_v4(ctx, verdict, &peer);
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v6(ctx);
	enum socket_verdict verdict = socket_recvmsg(ctx, &peer);

	return write_v6(ctx, verdict, &peer);
}

SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v4(ctx);
	enum socket_verdict verdict = socket_getpeername(ctx, &peer);

	return write_v4(ctx, verdict, &peer);
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *ctx)
{
	struct endpoint peer = read_v6(ctx);
	enum socket_verdict verdict = socket_getpeername(ctx, &peer);

	return write_v6(ctx, verdict, &peer);
}
