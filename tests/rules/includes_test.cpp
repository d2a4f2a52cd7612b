// The house rules that a machine can hold: who may include whom (agent/README.md, "Rooms"), how long a file may be, and what must never
// be written down.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace {

namespace fs = std::filesystem;
const fs::path kRoot = ICHOR_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> files(const fs::path& folder, const std::set<std::string>& extensions) {
  std::vector<fs::path> found;
  if (!fs::exists(kRoot / folder)) return found;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder))
    if (entry.is_regular_file() && extensions.contains(entry.path().extension())) found.push_back(entry.path());
  return found;
}

std::vector<std::string> includes(const fs::path& file) {
  static const std::regex kInclude(R"re(#include "([^"]+)")re");
  std::string text = read(file);
  std::vector<std::string> names;
  for (std::sregex_iterator it(text.begin(), text.end(), kInclude), end; it != end; ++it) names.push_back((*it)[1]);
  return names;
}

// The room of a path below agent/: its first folder, or the file itself.
std::string room(const std::string& path) { return path.substr(0, path.find('/')); }

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {"base"}},
    {"model", {"model", "base", "abi"}},
    {"plan", {"plan", "model", "base"}},
    {"io", {"io", "model", "base", "abi"}},
    {"sources", {"sources", "io", "model", "base"}},
    {"reconcile", {"reconcile", "io", "model", "base", "abi"}},
    {"status", {"status", "io", "model", "base", "abi"}},
    {"engine", {"engine", "plan", "reconcile", "sources", "status", "io", "model", "base"}},
    {"main.cpp", {"engine", "status"}},
    {"cni_main.cpp", {"io"}},
};

TEST(RulesIncludes, EveryRoomIncludesOnlyWhatItMay) {
  for (const auto& file : files("agent", {".h", ".cpp"})) {
    std::string from = room(fs::relative(file, kRoot / "agent").string());
    ASSERT_TRUE(kMayInclude.contains(from)) << "a room nobody drew: " << file;
    for (const auto& name : includes(file))
      EXPECT_TRUE(kMayInclude.at(from).contains(room(name)) || name.ends_with(".skel.h")) << file << " includes " << name;
  }
}

TEST(RulesIncludes, PlannersUseNoClockFileEnvironmentLogOrLibrary) {
  static const std::regex kSystem(R"(#include <([^>]+)>)");
  const std::set<std::string> allowed = {"algorithm", "array",  "bit",         "cstdint", "cstdio", "map",    "optional", "set",
                                         "span",      "string", "string_view", "utility", "vector", "memory", "tuple"};
  for (const auto& file : files("agent/plan", {".h", ".cpp"})) {
    std::string text = read(file);
    for (std::sregex_iterator it(text.begin(), text.end(), kSystem), end; it != end; ++it)
      EXPECT_TRUE(allowed.contains((*it)[1])) << file << " includes <" << (*it)[1] << ">";
    for (const char* word : {"boot_now", "getenv", "fopen", "std::printf", "fprintf", "static std::", "std::cout"})
      EXPECT_EQ(text.find(word), std::string::npos) << file << " uses " << word;
  }
}

TEST(RulesIncludes, ProgramsIncludeLibThenMapsThenAbiAndNothingSideways) {
  const std::map<std::string, std::set<std::string>> may = {{"programs", {"programs", "lib", "maps", "abi"}},  // packets.bpf.c is several
                                                            {"on_demand", {"lib", "maps", "abi"}},
                                                            {"lib", {"lib", "maps", "abi"}},
                                                            {"maps", {"abi"}},
                                                            {"abi", {"abi"}}};
  for (const auto& file : files("bpf", {".h", ".c"})) {
    std::string from = room(fs::relative(file, kRoot / "bpf").string());
    ASSERT_TRUE(may.contains(from)) << file;
    for (const auto& name : includes(file)) {
      if (name == "vmlinux.h" || name.find('/') == std::string::npos) continue;
      EXPECT_TRUE(may.at(from).contains(room(name))) << file << " includes " << name;
    }
  }
}

TEST(RulesLength, NoFileIsLongerThanFourHundredLines) {
  for (const char* folder : {"agent", "bpf", "tests", "hack", "extension", "image"})
    for (const auto& file : files(folder, {".h", ".c", ".cpp", ".sh", ""})) {
      std::string text = read(file);
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 400) << file;
    }
}

TEST(RulesLength, MainsAreShort) {
  for (const char* name : {"agent/main.cpp", "agent/cni_main.cpp"}) {
    std::string text = read(kRoot / name);
    EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 100) << name;
  }
}

TEST(RulesWords, NoMarksOfUnfinishedWorkAndNoTestOnlyCode) {
  // Spelled in halves, or this file would find itself.
  const std::vector<std::string> banned = {std::string("TO") + "DO", std::string("FIX") + "ME", std::string("if (test") + "ing"};
  for (const char* folder : {"agent", "bpf", "hack"})
    for (const auto& file : files(folder, {".h", ".c", ".cpp", ".sh", ""}))
      for (const auto& word : banned) EXPECT_EQ(read(file).find(word), std::string::npos) << file << " says " << word;
}

// grep -q ends at the first match, and whoever still writes into the pipe fails, which pipefail takes for the answer.
TEST(RulesScripts, NoPipeEndsBeforeItsWriter) {
  static const std::regex kQuietGrep(R"(\| *grep +-[A-Za-z]*q)");
  for (const char* folder : {"tests", "hack", "extension", "image"})
    for (const auto& file : files(folder, {".sh", ""})) EXPECT_FALSE(std::regex_search(read(file), kQuietGrep)) << file;
}

// A command that fails in a trap on EXIT becomes the script's exit code, and what follows it is left out.
TEST(RulesScripts, NoTrapFailsOverAProcessThatIsGone) {
  static const std::regex kBareKill(R"(trap '[^']*kill [^;'|]*[;'])");
  for (const char* folder : {"tests", "hack", "extension", "image"})
    for (const auto& file : files(folder, {".sh", ""})) EXPECT_FALSE(std::regex_search(read(file), kBareKill)) << file;
}

TEST(RulesDocuments, EveryPathThatADocumentNamesExists) {
  static const std::regex kPath(R"(`((agent|bpf|tests|hack|machineconfig|extension|image)/[A-Za-z0-9_./-]+)`)");
  for (const char* name : {"README.md", "CONTRIBUTING.md", "agent/README.md", "tests/README.md"}) {
    std::string text = read(kRoot / name);
    EXPECT_FALSE(text.empty()) << name << " is missing";
    for (std::sregex_iterator it(text.begin(), text.end(), kPath), end; it != end; ++it)
      EXPECT_TRUE(fs::exists(kRoot / (*it)[1].str())) << name << " names " << (*it)[1];
  }
}

TEST(RulesDocuments, TheAgentsReadmeNamesEveryRoomAndFeature) {
  std::string text = read(kRoot / "agent/README.md");
  for (const auto& entry : fs::directory_iterator(kRoot / "agent"))
    if (entry.is_directory()) EXPECT_NE(text.find(entry.path().filename().string() + "/"), std::string::npos) << entry.path();
  for (const auto& file : files("agent/plan", {".cpp"}))
    EXPECT_NE(text.find(file.stem().string()), std::string::npos) << "agent/README.md does not name " << file;
}

}  // namespace
