/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a socket called before it was translated, kept in the socket's own storage: it goes with the socket, and no socket can take
 * another's room. */
#ifndef ICHOR_ABI_SOCKETS_H
#define ICHOR_ABI_SOCKETS_H

#include "types.h"

/* Map `socket_peers`: the connection of a TCP socket, or of a UDP socket that was connected. */
struct socket_peer {
	struct ip_addr backend_address;
	struct ip_addr frontend_address;
	__be16 backend_port_be;
	__be16 frontend_port_be;
};
ABI_ASSERT_SIZE(socket_peer, 36);

/* Map `udp_peers`: whom a UDP socket called without a connection, an entry per backend. The kernel runs the hooks of sendmsg and
 * recvmsg under the socket's lock. Eight entries and the kernel's overhead fit into 512 bytes. */
#define UDP_PEERS 8

struct udp_peer {
	struct socket_peer peer; /* backend_port_be 0: free */
	__u32 called;		 /* `clock` at the last call */
};
ABI_ASSERT_SIZE(udp_peer, 40);

struct udp_peers {
	struct udp_peer entries[UDP_PEERS];
	__u32 clock; /* calls so far; wraps */
};
ABI_ASSERT_SIZE(udp_peers, 324);

#endif
