/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pods that call Services by packets: what is sent to such a pod may be an answer, and gets the Service's address as the last step.
 */
#ifndef ICHOR_LIB_POD_CALLS_H
#define ICHOR_LIB_POD_CALLS_H

#include "abi/direct_delivery.h"
#include "lib/translation.h"
#include "maps/pods.h"

static __always_inline __u64 *calling_word(const struct ip_addr *pod)
{
	__u32 word = own_address_bit(pod) / 64;

	return bpf_map_lookup_elem(&calling_pods, &word);
}

static __always_inline void note_pod_calls(const struct ip_addr *pod)
{
	__u64 bit = 1ULL << own_address_bit(pod) % 64, *word = calling_word(pod);

	if (word && !(*word & bit))
		__sync_fetch_and_or(word, bit);
}

/* Whether it is one of the pods' gateways. */
static __always_inline int is_gateway(const struct ip_addr *address)
{
	if (ip_addr_is_v4(address))
		return address->words_be[3] == bpf_htonl(POD_GATEWAY_IPV4);
	return address->words_be[0] == bpf_htonl(POD_GATEWAY_IPV6_FIRST) && !address->words_be[1] && !address->words_be[2] &&
	       address->words_be[3] == bpf_htonl(POD_GATEWAY_IPV6_LAST);
}

/* A pod that is its own backend sees its gateway as the client, since nobody takes packets from his own address. 0: done, or not
 * needed; else enum drop_reason. */
static __always_inline int open_call_of_itself(const struct flow_key *departing)
{
	struct ip_addr gateway = ip_addr_from_v4(bpf_htonl(POD_GATEWAY_IPV4));
	long error;

	if (!ip_addr_equal(&departing->source, &departing->destination) || flow_lookup(departing))
		return 0;
	if (!ip_addr_is_v4(&departing->source))
		gateway = (struct ip_addr){.words_be = {bpf_htonl(POD_GATEWAY_IPV6_FIRST), 0, 0, bpf_htonl(POD_GATEWAY_IPV6_LAST)}};
	error = flow_open(departing, &gateway, departing->source_port_be);
	if (!error || flow_lookup(departing))
		return 0;
	return error == -EEXIST ? DROP_FLOW_CLASH : flow_refusal(error);
}

verified_alone int translate_answer(void *context __arg_ctx, const struct packet *packet __arg_nonnull)
{
	struct __sk_buff *skb = context;
	struct transport transport;
	struct flow_key key;
	struct flow *flow;

	read_transport(skb, packet, &transport);
	if (transport.kind == TRANSPORT_ICMP_ERROR)
		return translate_error(skb, packet, &transport, FLOW_DEPARTS) == TRANSLATION_FAILED;
	flow = flow_of(packet, &transport, FLOW_DEPARTS, &key);
	return flow ? translate(skb, packet, &transport, &key, flow) : 0;
}

/* For a packet that is about to go into a pod of this node. 0: it may go on; else its headers are broken. */
static __always_inline int answer_call(struct __sk_buff *skb, const struct packet *packet)
{
	__u64 *word = is_translating() ? calling_word(&packet->destination) : NULL;

	if (!word || !(*word >> own_address_bit(&packet->destination) % 64 & 1))
		return 0;
	return translate_answer(skb, packet);
}

#endif
