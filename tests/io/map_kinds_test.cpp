// The table of maps against the object that is built: a layout cannot change under its version.
#include "io/kernel/map_kinds.h"

#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <map>

#include "io/kernel/bpf_object.h"
#include "io/kernel/map_shape.h"

namespace {

std::string hex(uint64_t number) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(number));
  return text;
}

std::map<std::string, io::kernel::MapShape> declared_maps() {
  std::map<std::string, io::kernel::MapShape> shapes;
  auto object = io::kernel::open_object();
  EXPECT_TRUE(object.ok());
  bpf_map* map;
  bpf_object__for_each_map(map, object->get()) {
    if (!bpf_map__is_internal(map)) shapes[bpf_map__name(map)] = io::kernel::shape_of(object->get(), map);
  }
  return shapes;
}

}  // namespace

TEST(IoMapKinds, EveryMapHasALineAndTheLayoutOfItsVersion) {
  auto declared = declared_maps();
  for (const auto& [name, shape] : declared) {
    if (name.ends_with("_former")) continue;
    const auto* kind = io::kernel::find_kind(io::kernel::map_kinds(), name);
    ASSERT_TRUE(kind) << "map " << name << " needs a line in agent/io/kernel/map_kinds.cpp; its layout is " << hex(shape.layout);
    EXPECT_EQ(hex(kind->layout), hex(shape.layout))
        << "the layout of map " << name
        << " has changed: in agent/io/kernel/map_kinds.cpp raise its version, give its new digest and say how "
        << "entries of the old one become entries of the new one";
  }
  for (const auto& kind : io::kernel::map_kinds()) EXPECT_TRUE(declared.contains(std::string(kind.name))) << kind.name;
}

TEST(IoMapKinds, WhatProgramsWriteHasAFormerMapOfTheSameLayout) {
  auto declared = declared_maps();
  for (const auto& kind : io::kernel::map_kinds()) {
    if (kind.writer != io::kernel::Writer::kPrograms) continue;
    const std::string name(kind.name);
    ASSERT_TRUE(declared.contains(name + "_former")) << name;
    EXPECT_EQ(declared[name + "_former"].layout, declared[name].layout) << name;
    EXPECT_NE(kind.migrating, 0u) << name;
  }
}

TEST(IoMapKinds, AVersionAboveTheFirstSaysWhereItsEntriesComeFrom) {
  for (const auto& kind : io::kernel::map_kinds()) {
    const bool copied = io::kernel::has_size(kind);
    EXPECT_TRUE(kind.version == 1 || kind.convert || !copied) << kind.name;
  }
}
