#include "status/tables.h"

#include <algorithm>

#include "base/text.h"
#include "status/effects.h"
#include "status/fields_text.h"
#include "status/listing.h"

namespace status {
namespace {

using model::Published;

void sort_lines(TableView& view) {
  std::sort(view.lines.begin(), view.lines.end(), [](const Line& a, const Line& b) { return a.key < b.key; });
}

// The planner that has notes on rows of the kind, by their key; "": none has.
template <class Row>
constexpr std::string_view kNotesOf = "";
template <>
constexpr std::string_view kNotesOf<model::Node> = "routes";
template <>
constexpr std::string_view kNotesOf<model::Sandbox> = "pods";

template <class Row>
TableView view_of(const Published& published) {
  TableView view{std::string(Row::kTable.key_name), {}};
  for (const auto& [key, row] : published.snapshot.table<Row>()) {
    Line& line = view.lines.emplace_back(key, fields(*row));
    if (kNotesOf<Row>.empty()) continue;
    const auto* of_key = published.notes.find(model::Owner{kNotesOf<Row>, key}.text());
    line.fields.emplace_back("note", of_key ? base::join(of_key->notes, "; ") : "");
  }
  sort_lines(view);
  return view;
}

void append_outcome(Line& line, const model::Effect& effect, base::BootTime now) {
  line.fields.emplace_back("state", std::string(effect_state(effect)));
  line.fields.emplace_back("owner", effect.owner.text());
  line.fields.emplace_back("failed", retry_text(effect.outcome, now));
  line.fields.emplace_back("error", effect.outcome.error);
}

// What is asked for and not there yet, while something else is.
void append_wish(Line& line, const model::Effect& effect) {
  if (effect.outcome.state == model::OutcomeState::kDone || is_null(effect.there)) return;
  const Fields there = fields(effect.there);
  Fields wanted = fields(effect.desired);
  std::erase_if(wanted, [&](const auto& field) { return std::find(there.begin(), there.end(), field) != there.end(); });
  line.fields.emplace_back("wanted", fields_text(wanted));
}

template <class Row>
TableView view_of_kind(const Published& published) {
  TableView view{"key", {}};
  for (const auto& [key, effect] : published.effects.of<Row>()) {
    Line line{thing_name(*effect), fields(is_null(effect->there) ? effect->desired : effect->there)};
    append_outcome(line, *effect, published.snapshot.now);
    append_wish(line, *effect);
    view.lines.push_back(std::move(line));
  }
  sort_lines(view);
  return view;
}

TableView view_of_effects(const Published& published) {
  TableView view{"", {}};
  published.effects.each([&](std::string_view kind, const std::string& key, const model::Effect& effect) {
    Line line{std::string(kind) + " " + key, {{"kind", std::string(kind)}, {"thing", thing_name(effect)}}};
    append_outcome(line, effect, published.snapshot.now);
    view.lines.push_back(std::move(line));
  });
  sort_lines(view);
  return view;
}

// What sources and planners have to say, side by side; "owner" tells a planner's key from a source.
TableView view_of_problems(const Published& published) {
  TableView view{"", {}};
  auto append = [&](const std::string& key, const std::string& owner, const model::Problem& problem) {
    Line line{key, {{"owner", owner}}};
    for (auto& field : fields(problem)) line.fields.push_back(std::move(field));
    view.lines.push_back(std::move(line));
  };
  for (const auto& [key, problem] : published.snapshot.table<model::Problem>()) append(key, origin_name(problem->origin), *problem);
  for (const auto* of_keys : {&published.problems, &published.conflicts})
    for (const auto& [key, of_key] : *of_keys)
      for (const auto& problem : of_key->problems) append(key, key, problem);
  sort_lines(view);
  return view;
}

template <>
TableView view_of<model::Problem>(const Published& published) {
  return view_of_problems(published);
}

std::vector<TableDefinition> make_tables() {
  std::vector<TableDefinition> all;
  model::KnownKinds::each(
      [&]<class Row>(std::type_identity<Row>) { all.push_back({Row::kTable.name, std::string(Row::kTable.about), &view_of<Row>}); });
  all.push_back({"effects", "Everything that ichor wants or has in the kernel and on disk, with its outcome.", &view_of_effects});
  model::desired::Kinds::each(
      [&]<class Row>(std::type_identity<Row>) { all.push_back({Row::kKind, std::string(Row::kFacts.about), &view_of_kind<Row>}); });
  return all;
}

}  // namespace

const std::vector<TableDefinition>& tables() {
  static const auto kTables = make_tables();
  return kTables;
}

const TableDefinition* find_table(std::string_view name) {
  for (const auto& table : tables())
    if (table.name == name) return &table;
  return nullptr;
}

std::string_view nearest_table(std::string_view name) {
  std::vector<std::string_view> names;
  for (const auto& table : tables()) names.push_back(table.name);
  for (const auto& listing : listings()) names.push_back(listing.name);
  return base::nearest(name, names);
}

// To count the rows of a listing is to make it.
TableView table_of_tables(const model::Published& published) {
  TableView view{"table", {}};
  for (const auto& table : tables())
    view.lines.push_back({std::string(table.name),
                          {{"rows", static_cast<int64_t>(table.view(published).lines.size())}, {"description", table.description}}});
  for (const auto& listing : listings())
    view.lines.push_back({std::string(listing.name), {{"description", std::string(listing.description)}}});
  return view;
}

}  // namespace status
