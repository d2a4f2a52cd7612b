// Small things said about text in several rooms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);

// Foreign UTF-8 made fit for a message: at most so many bytes, and "..." where there were more; control characters as ?.
std::string printable(std::string_view text, size_t most);

// FNV-1a, 64 bit (draft-eastlake-fnv): stable over restarts and architectures, for names and starting points.
// A text in pieces: each piece with the hash of those before it.
constexpr uint64_t kEmptyHash = 0xcbf29ce484222325;
uint64_t stable_hash(std::string_view text, uint64_t before = kEmptyHash);

// SipHash-2-4 (Aumasson and Bernstein 2012) under a fixed key, for names that others choose: unlike with stable_hash(), a text with the
// hash of another one is not found in less than some 2^64 tries.
uint64_t sip_hash(std::string_view text);

// Seconds since 1970 of "2026-11-28T18:00:00Z" or "2026-11-28T18:00:00.25Z" (RFC 3339, UTC); nullopt for what is no such time.
std::optional<double> utc_seconds(std::string_view text);

// The candidate with the smallest edit distance, if that is small enough to be a likely misspelling; else "".
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace base
