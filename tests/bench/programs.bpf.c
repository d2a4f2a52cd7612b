// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What bench_programs measures with: a shim that gives each run of a tc program the same packet, a program that does nothing and one
 * that looks one key up. */
#include <vmlinux.h>
#include <bpf/bpf_helpers.h>

#define HEAD 80 /* bytes that are restored: Ethernet, IPv6 and TCP, in words of 8 */
#define TC_ACT_OK 0
#define TC_ACT_SHOT 2
#define IPV4_PORTS 34
#define IPV6_PORTS 54

struct template {
	__u64 head[HEAD / 8];
	__u32 ipv6;
	__u32 flow_mask; /* flows - 1: the source port takes so many values */
	__u32 step;	 /* odd: in which order the flows come */
	__u32 next;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct template);
} templates SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} target SEC(".maps");

struct lookup_key {
	__u32 source, destination, ports, protocol;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 16);
	__type(key, struct lookup_key);
	__type(value, __u64);
} lookups SEC(".maps");

/* BPF_PROG_TEST_RUN hands a program what its last run left of the packet. */
SEC("tc")
int shim(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct template *template = bpf_map_lookup_elem(&templates, &zero);
	__u64 *words = (void *)(long)skb->data;
	void *data = words, *end = (void *)(long)skb->data_end;

	if (!template || data + HEAD > end)
		return TC_ACT_SHOT;
#pragma unroll
	for (int i = 0; i < HEAD / 8; i++)
		words[i] = template->head[i];
	if (template->flow_mask) {
		__u16 port = (template->next++ * template->step) & template->flow_mask;

		if (template->ipv6)
			*(__u16 *)(data + IPV6_PORTS) = port;
		else
			*(__u16 *)(data + IPV4_PORTS) = port;
	}
	/* volatile: the verifier refuses stores merged across context fields */
	((volatile struct __sk_buff *)skb)->mark = 0;
	((volatile struct __sk_buff *)skb)->tc_index = 0;
	bpf_tail_call(skb, &target, 0);
	return TC_ACT_SHOT;
}

SEC("tc")
int nothing(void *skb)
{
	(void)skb;
	return TC_ACT_OK;
}

SEC("tc")
int one_lookup(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	struct lookup_key key;
	__u64 *count;

	if (data + IPV4_PORTS + 4 > end)
		return TC_ACT_SHOT;
	key.source = *(__u32 *)(data + 26);
	key.destination = *(__u32 *)(data + 30);
	key.ports = *(__u32 *)(data + IPV4_PORTS);
	key.protocol = *(__u8 *)(data + 23);
	count = bpf_map_lookup_elem(&lookups, &key);
	if (!count)
		return TC_ACT_SHOT;
	*count += 1;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
