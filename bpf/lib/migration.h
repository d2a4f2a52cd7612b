/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps that programs write, while they are migrated (agent/io/kernel/migration.h): the programs of the step between look into the
 * new map and into the former one, and write to both, since others still run that know only one of them. In all other programs the
 * bit is not set and the former map does not exist. */
#ifndef ICHOR_LIB_MIGRATION_H
#define ICHOR_LIB_MIGRATION_H

#include "lib/config.h"

/* Where the former map does not exist, even its address must not be loaded: the compiler may not do so ahead of the question. */
#define former_map(map)                                                                                                            \
	({                                                                                                                         \
		void *former = &map##_former;                                                                                      \
		asm volatile("" : "+r"(former));                                                                                   \
		former;                                                                                                            \
	})

#define migrated_lookup(map, bit, key)                                                                                             \
	({                                                                                                                         \
		void *found = bpf_map_lookup_elem(&map, key);                                                                      \
		if (!found && (datapath_config.migrating & (bit)))                                                                 \
			found = bpf_map_lookup_elem(former_map(map), key);                                                         \
		found;                                                                                                             \
	})

/* With BPF_NOEXIST a claim: it holds in both or in none, and of two that claim one key, by whichever programs, one gets -EEXIST. */
#define migrated_update(map, bit, key, value, flags)                                                                               \
	({                                                                                                                         \
		long error = 0;                                                                                                    \
		if (datapath_config.migrating & (bit))                                                                             \
			error = bpf_map_update_elem(former_map(map), key, value, flags);                                           \
		if (!error) {                                                                                                      \
			error = bpf_map_update_elem(&map, key, value, flags);                                                      \
			if (error && (flags) == BPF_NOEXIST && (datapath_config.migrating & (bit)))                                \
				bpf_map_delete_elem(former_map(map), key);                                                         \
		}                                                                                                                  \
		error;                                                                                                             \
	})

#define migrated_delete(map, bit, key)                                                                                             \
	({                                                                                                                         \
		if (datapath_config.migrating & (bit))                                                                             \
			bpf_map_delete_elem(former_map(map), key);                                                                 \
		bpf_map_delete_elem(&map, key);                                                                                    \
	})

#endif
