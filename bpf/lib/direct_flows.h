/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows that the world opened to a pod's own address, where it has a route there: what the pod answers must leave as it is. */
#ifndef ICHOR_LIB_DIRECT_FLOWS_H
#define ICHOR_LIB_DIRECT_FLOWS_H

#include "lib/flows.h"
#include "lib/world.h"

verified_alone int note_arrival(void *context __arg_ctx, const struct packet *packet __arg_nonnull)
{
	struct transport transport;
	struct flow_key key;
	struct flow *flow;

	read_transport(context, packet, &transport);
	if (transport.kind == TRANSPORT_LATER || transport.kind == TRANSPORT_MALFORMED || transport.kind == TRANSPORT_ICMP_ERROR)
		return 0;
	key = flow_key_of(packet, &transport, FLOW_ARRIVES);
	flow = flow_lookup(&key);
	if (flow)
		flow_seen(&key, flow, &transport);
	else
		flow_open(&key, &packet->destination, transport.destination_port_be);
	return 0;
}

#endif
