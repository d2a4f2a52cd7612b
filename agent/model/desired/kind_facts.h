// What the reconciler and status must know of a kind of desired row beside its fields: stands in each kind, none may leave anything out.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "model/source_status.h"

namespace model::desired {

// What waits for RCU under RTNL (13 to 17 ms each) is removed one at a time, when nothing else is to be done; kSlowFirst before all other
// slow ones, since it takes along what hangs on it.
enum class Removal : uint8_t { kAtOnce, kSlow, kSlowFirst };
// When the store is read again beside the full reads every few minutes.
enum class Reread : uint8_t { kNever, kOnNetworkHints };
// kPodNamespace: rows have a member `netns`; one with a fresh namespace is made even where an equal one is there.
enum class MadeIn : uint8_t { kNode, kPodNamespace };

struct KindFacts {
  consteval KindFacts(std::string_view sentence, SourceSet asserted_by, Removal removed, Reread read, MadeIn made)
      : about(sentence), sources(asserted_by), removal(removed), reread(read), made_in(made) {}

  std::string_view about;  // one sentence, for people
  SourceSet sources;       // all of them must have synced before a row may be removed
  Removal removal;
  Reread reread;
  MadeIn made_in;
};

template <class Row>
concept DesiredRow = std::equality_comparable<Row> && requires(const Row& row) {
  { Row::kKind } -> std::convertible_to<std::string_view>;
  { Row::kFacts } -> std::convertible_to<KindFacts>;
  { row.key() } -> std::same_as<std::string>;
} && (requires(const Row& row) { row.netns; } == (Row::kFacts.made_in == MadeIn::kPodNamespace));

}  // namespace model::desired
