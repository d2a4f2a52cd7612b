/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* sessionAffinity ClientIP: a client keeps its backend until it has made no new connection for the Service's timeout, or the
 * backend has left the set. At a socket a client is a network namespace, outside it is an address. For sets with SERVICE_AFFINITY.
 */
#ifndef ICHOR_LIB_AFFINITY_H
#define ICHOR_LIB_AFFINITY_H

#include "lib/migration.h"
#include "lib/program.h"
#include "lib/services.h"

/* The slot of a kept backend that is still good, and from now on for another timeout. */
static __always_inline __u32 affinity_continue(struct affinity *kept, service_handle handle, __u64 now)
{
	__u32 slot = service_find_backend(handle, &kept->address, kept->port_be, kept->slot);

	if (slot == BACKEND_NOT_FOUND)
		return slot;
	kept->slot = slot;
	kept->last_used_ns = now;
	return slot;
}

static __always_inline int affinity_is_due(const struct affinity *kept, __u32 set, __u64 now)
{
	service_options *options = bpf_map_lookup_elem(&set_options, &set);

	return !options || kept->last_used_ns + service_options_affinity_seconds(*options) * NANOSECONDS_PER_SECOND < now;
}

/* Whose records: the key's type follows from it. */
enum affinity_of { AFFINITY_OF_CALLER, AFFINITY_OF_ARRIVAL };

static __always_inline struct affinity *affinity_lookup(enum affinity_of whose, const void *key)
{
	return whose == AFFINITY_OF_CALLER ? migrated_lookup(affinities, MIGRATING_AFFINITIES, key)
					   : migrated_lookup(arrival_affinities, MIGRATING_ARRIVAL_AFFINITIES, key);
}

static __always_inline long affinity_store(enum affinity_of whose, const void *key, const struct affinity *value, __u64 flags)
{
	if (whose == AFFINITY_OF_CALLER)
		return migrated_update(affinities, MIGRATING_AFFINITIES, key, value, flags);
	return migrated_update(arrival_affinities, MIGRATING_ARRIVAL_AFFINITIES, key, value, flags);
}

static __always_inline int affinity_is_migrating(enum affinity_of whose)
{
	return datapath_config.migrating & (whose == AFFINITY_OF_CALLER ? MIGRATING_AFFINITIES : MIGRATING_ARRIVAL_AFFINITIES);
}

/* The slot to use: the client's own, else the one that `choice` stands for, which is then kept. Records are replaced whole, so that
 * no other CPU sees half a backend; of two first connections at once the later takes what the earlier chose. */
static __always_inline __u32 affinity_slot(enum affinity_of whose, const void *key, __u32 set, service_handle handle, __u32 choice)
{
	struct affinity *kept = affinity_lookup(whose, key);
	__u64 now = bpf_ktime_get_boot_ns();
	struct affinity chosen = {.last_used_ns = now};
	__u32 slot = BACKEND_NOT_FOUND;
	struct backend *backend;

	if (kept && !affinity_is_due(kept, set, now))
		slot = affinity_continue(kept, handle, now);
	if (slot != BACKEND_NOT_FOUND && affinity_is_migrating(whose)) {
		chosen = *kept;
		affinity_store(whose, key, &chosen, BPF_ANY);
	}
	if (slot != BACKEND_NOT_FOUND)
		return slot;

	chosen.slot = choice % service_handle_size(handle);
	backend = service_backend(handle, chosen.slot);
	if (!backend)
		return chosen.slot;
	chosen.address = backend->address;
	chosen.port_be = backend->port_be;
	if (affinity_store(whose, key, &chosen, kept ? BPF_ANY : BPF_NOEXIST) != -EEXIST)
		return chosen.slot;
	kept = affinity_lookup(whose, key);
	slot = kept ? affinity_continue(kept, handle, now) : BACKEND_NOT_FOUND;
	return slot != BACKEND_NOT_FOUND ? slot : chosen.slot;
}

#endif
