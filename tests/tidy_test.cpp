// The rules of the tree itself: the arrows between the folders (README.md draws them), the purity
// of the core, where wires and disk may be named, what lies at the top, that nothing lies there
// unbuilt, and that the package lists say what CMake looks for. Each rule is a function over a path
// and its text, so that this suite also feeds it one wrong text of each kind and sees it complain.
#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Complaints = std::vector<std::string>;
using Names = std::set<std::string, std::less<>>;

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return text.starts_with(beginning); });
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// --- Arrows
// ---------------------------------------------------------------------------------------

// For each folder, what its files may include of ours.
const std::map<std::string, Names, std::less<>>& arrows() {
  static const std::map<std::string, Names, std::less<>> table{
      {"campaigns", {"campaigns"}},
      {"eventstore", {"eventstore"}},
      {"bridge", {"bridge"}},
      {"webhook", {"webhook", "campaigns", "bridge"}},
      {"runner", {"runner", "webhook", "campaigns", "bridge", "eventstore"}},
      {"tests", {"tests", "runner", "webhook", "campaigns", "bridge", "eventstore"}},
  };
  return table;
}

// The same for the sub-folders of bridge: net ← tls ← http ← ws ← carrier, voice ← media ←
// rehearsal. The rehearsal is the exception to the row: it is the far end of the wires of carrier,
// voice and media and shares no code with them, nor the coding of forms, because a mistake that
// both ends share would be seen by nobody before a real carrier saw it.
const std::map<std::string, Names, std::less<>>& bridge_arrows() {
  static const std::map<std::string, Names, std::less<>> table{
      {"net", {"net"}},
      {"tls", {"net", "tls"}},
      {"http", {"net", "tls", "http"}},
      {"ws", {"net", "tls", "http", "ws"}},
      {"carrier", {"net", "tls", "http", "ws", "carrier"}},
      {"voice", {"net", "tls", "http", "ws", "voice"}},
      {"media", {"net", "tls", "http", "ws", "carrier", "voice", "media"}},
      {"rehearsal", {"net", "tls", "http", "ws", "rehearsal"}},
  };
  return table;
}

// "bridge" of "bridge/http/client.hpp"; empty where there is no slash.
std::string_view first_part(std::string_view path) {
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view after_first_part(std::string_view path) {
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// What is wrong with an include of a header of ours, or nothing.
std::string wrong_arrow(std::string_view path, std::string_view header) {
  const auto from = arrows().find(first_part(path));
  if (from == arrows().end()) return "a source file outside the six folders";
  if (!arrows().contains(first_part(header))) return "not a path from the root";
  if (!from->second.contains(first_part(header))) {
    return from->first + " may not include " + std::string(first_part(header));
  }
  if (first_part(path) != "bridge" || first_part(header) != "bridge") return {};
  const auto layer = bridge_arrows().find(first_part(after_first_part(path)));
  const std::string_view below = first_part(after_first_part(header));
  if (layer == bridge_arrows().end()) return "no such layer of bridge";
  if (!layer->second.contains(below)) {
    return "bridge/" + layer->first + " may not include bridge/" + std::string(below);
  }
  if (layer->first == "rehearsal" && header == "bridge/http/form.hpp") {
    return "the rehearsal writes its own form coding";
  }
  return {};
}

// What is wrong with an include of a library's header, or nothing.
std::string wrong_library(std::string_view path, std::string_view header) {
  static const std::vector<std::string_view> wires{"uv.h", "uv/", "llhttp.h", "wslay/", "mbedtls/"};
  static const std::vector<std::string_view> wire_layers{"bridge/net/", "bridge/tls/",
                                                         "bridge/http/", "bridge/ws/"};
  static const std::vector<std::string_view> impure{
      "random",   "thread",    "mutex",     "future",     "condition_variable",
      "fstream",  "iostream",  "ctime",     "time.h",     "filesystem",
      "unistd.h", "sys/",      "fcntl.h",   "arpa/",      "netinet/",
      "uv.h",     "uv/",       "llhttp.h",  "wslay/",     "mbedtls/",
      "spdlog/",  "date/tz.h", "sqlite3.h", "SQLiteCpp/", "boost/asio"};
  const std::string_view folder = first_part(path);
  const bool is_header = path.ends_with(".hpp");

  if (folder == "campaigns") {
    for (const auto name : impure) {
      if (header == name || (name.ends_with('/') && header.starts_with(name))) {
        return "the core reads no clock, dice, file, socket, thread or log";
      }
    }
    if (header.starts_with("phonenumbers/") && !path.starts_with("campaigns/phone_number.")) {
      return "only campaigns/phone_number knows libphonenumber";
    }
  }
  if (folder == "eventstore" && header.starts_with("uv")) return "the log does not know libuv";
  if ((header.starts_with("SQLiteCpp/") || header == "sqlite3.h") &&
      !(folder == "eventstore" && !is_header) && folder != "tests") {
    return "SQLite may be named in the sources of eventstore only";
  }
  if (is_header && starts_with_any(header, wires) && !starts_with_any(path, wire_layers)) {
    return "a header above bridge's wires hides what it stands on";
  }
  if (is_header && header == "nlohmann/json.hpp") return "json_fwd.hpp in headers";
  if (header.starts_with("boost/test/included")) return "Boost.Test is linked, not included";
  return {};
}

// --- Words
// ----------------------------------------------------------------------------------------

// The text without comments and without what stands between double quotes. (A scanner, because
// std::regex recurses once per character of a match.)
std::string code_of(std::string_view text) {
  std::string code;
  std::size_t at = 0;
  const auto skip_past = [&](std::string_view end, std::size_t from) {
    const auto found = text.find(end, from);
    at = found == std::string_view::npos ? text.size() : found + end.size();
  };
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("//")) {
      skip_past("\n", at);
      code += '\n';
    } else if (rest.starts_with("/*")) {
      skip_past("*/", at + 2);
    } else if (rest.starts_with("R\"")) {
      const auto open = rest.find('(');
      if (open == std::string_view::npos) break;
      skip_past(")" + std::string(rest.substr(2, open - 2)) + "\"", at + open);
    } else if (rest.starts_with("'\"'") || rest.starts_with("'\\\"'")) {
      at += std::size_t{rest[1] == '"' ? 3U : 4U};
    } else if (rest.front() == '"') {
      for (++at; at < text.size() && text[at] != '"' && text[at] != '\n'; ++at) {
        if (text[at] == '\\') ++at;
      }
      ++at;
    } else {
      code += rest.front();
      ++at;
    }
  }
  return code;
}

// Calls that would make the core read a clock, dice, the environment or a file.
std::string impure_call(std::string_view code) {
  static const std::regex call{R"(::now\(|\brandom_device\b|\bgetenv\b|\bmt19937|\bs?rand\(|)"
                               R"(\bfopen\b|\bstd::time\(|\bgettimeofday\b|\bclock_gettime\b)"};
  std::cmatch found;
  return std::regex_search(code.data(), code.data() + code.size(), found, call) ? found.str() : "";
}

Complaints complaints_about_words(std::string_view path, std::string_view text) {
  // In two halves, so that this file does not complain about itself.
  static const Names open_ends{
      "TO"
      "DO",
      "FIX"
      "ME",
      "XX"
      "X"};
  static const std::regex numbered{R"(^\(#[0-9]+\))"};
  const auto is_letter = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  Complaints complaints;
  std::size_t number = 0;
  for (const auto& line : lines_of(text)) {
    ++number;
    for (const auto& word : open_ends) {
      for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
        const std::string rest = line.substr(at + word.size());
        const bool part_of_a_word =
            (at > 0 && is_letter(line[at - 1])) || (!rest.empty() && is_letter(rest.front()));
        if (part_of_a_word || std::regex_search(rest, numbered)) continue;
        complaints.push_back(std::string(path) + ":" + std::to_string(number) + ": " + word +
                             " without the number of an issue");
      }
    }
  }
  return complaints;
}

// Everything that is wrong with one C++ file. `path` is from the root.
Complaints complaints_about(std::string_view path, std::string_view text) {
  static const std::regex include{R"re(^\s*#\s*include\s*(["<])([^">]+)[">])re"};
  Complaints complaints = complaints_about_words(path, text);
  const auto complain = [&](const std::string& about, const std::string& what) {
    complaints.push_back(std::string(path) + ": " + about + ": " + what);
  };
  for (const auto& line : lines_of(text)) {
    std::smatch found;
    if (line.find('#') == std::string::npos || !std::regex_search(line, found, include)) continue;
    const std::string header = found[2];
    const bool ours = found[1] == "\"" || arrows().contains(first_part(header));
    const std::string wrong = ours ? wrong_arrow(path, header) : wrong_library(path, header);
    if (!wrong.empty()) complain(header, wrong);
  }
  if (path.starts_with("campaigns/")) {
    const std::string call = impure_call(code_of(text));
    if (!call.empty()) complain(call, "the core reads no clock, dice, environment or file");
  }
  if (path.ends_with(".hpp") && text.find("#pragma once\n") == std::string_view::npos) {
    complain("guard", "#pragma once is missing");
  }
  return complaints;
}

// --- The top, the build, the packages
// -------------------------------------------------------------

// What lies at the top of the repository, and nothing else beside dot-files.
Complaints complaints_about_top(const Names& names) {
  static const Names fixed{"CMakeLists.txt", "CMakePresets.json", "README.md", "bridge",
                           "campaigns",      "eventstore",        "runner",    "tests",
                           "webhook"};
  // What a build or an editor leaves; .gitignore keeps it out of the repository.
  static const Names passing{"build", "Testing", "compile_commands.json", "node_modules"};
  Complaints complaints;
  for (const auto& name : names) {
    if (name.starts_with('.') || fixed.contains(name) || passing.contains(name)) continue;
    complaints.push_back(name + ": has no place at the top");
  }
  for (const auto& name : fixed) {
    if (!names.contains(name)) complaints.push_back(name + ": is missing at the top");
  }
  return complaints;
}

// A source that no CMakeLists.txt names is never compiled, a suite that none names never run.
// `name` is the file's path from the folder of `cmake`.
Complaints complaints_about_build(std::string_view name, std::string_view cmake) {
  std::string_view listed = name;
  for (const std::string_view ending : {"_test.cpp", "_fuzz.cpp"}) {
    if (listed.ends_with(ending)) listed.remove_suffix(ending.size());
  }
  // add_bench(NAME …)
  if (listed.ends_with("_bench.cpp")) listed.remove_suffix(std::string_view(".cpp").size());
  const auto is_part = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '/';
  };
  for (auto at = cmake.find(listed); at != std::string_view::npos;
       at = cmake.find(listed, at + 1)) {
    const auto end = at + listed.size();
    if ((at == 0 || !is_part(cmake[at - 1])) && (end == cmake.size() || !is_part(cmake[end]))) {
      return {};
    }
  }
  return {std::string(name) + ": its CMakeLists.txt does not name it"};
}

// The packages of a list, without its comments.
Names packages_of(std::string_view list) {
  Names packages;
  for (const auto& line : lines_of(list)) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;) packages.insert(word);
  }
  return packages;
}

// The packages that CMake's look-ups name. Each look-up ends with "# package"; several look-ups of
// one package name it each time.
Complaints complaints_about_packages(std::string_view cmake, const Names& packages) {
  static const std::regex look_up{R"(^\s*(find_package|find_path|find_library|find_program|)"
                                  R"(pkg_check_modules)\(([^)]*)\)\s*(?:#\s*(\S+))?)"};
  Complaints complaints;
  Names named;
  for (const auto& line : lines_of(cmake)) {
    std::smatch found;
    if (!std::regex_search(line, found, look_up)) continue;
    const std::string package = found[3];
    if (package.empty()) {
      complaints.push_back(found.str() + ": which package?");
    } else if (!packages.contains(package)) {
      complaints.push_back(package + ": CMake looks for it, the list of packages lacks it");
    }
    named.insert(package);
  }
  for (const auto& package : packages) {
    const bool is_library = package.ends_with("-dev") && package != "dpkg-dev";
    if (is_library && !named.contains(package)) {
      complaints.push_back(package + ": listed, but CMake does not look for it");
    }
  }
  return complaints;
}

// --- The real tree
// --------------------------------------------------------------------------------

namespace files = std::filesystem;

files::path root() {
  return CAMPANILE_SOURCE_DIR;
}

std::string text_of(const files::path& path) {
  std::ifstream file(path, std::ios::binary);
  BOOST_TEST_REQUIRE(file.is_open(), path.string());
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Every file below the six folders, as paths from the root.
std::vector<std::string> tree() {
  std::vector<std::string> paths;
  for (const auto& [folder, unused] : arrows()) {
    for (const auto& entry : files::recursive_directory_iterator(root() / folder)) {
      if (entry.is_regular_file())
        paths.push_back(entry.path().lexically_relative(root()).string());
    }
  }
  return paths;
}

bool is_source(std::string_view path) {
  return path.ends_with(".cpp") || path.ends_with(".hpp");
}

void expect_none(const Complaints& complaints) {
  for (const auto& complaint : complaints) BOOST_ERROR(complaint);
}

// A line that includes `header`; written so that this file's own lines do not read as includes.
std::string including(const std::string& header) {
  const bool library = header.front() == '<';
  return "#pragma once\n#include " + (library ? header : '"' + header + '"') + "\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tidy)

BOOST_AUTO_TEST_CASE(the_tree_keeps_its_arrows_and_its_words) {
  std::size_t sources = 0;
  for (const auto& path : tree()) {
    if (!is_source(path)) continue;
    ++sources;
    expect_none(complaints_about(path, text_of(root() / path)));
  }
  BOOST_TEST(sources > 40U);  // a walk that finds nothing would find nothing wrong
}

BOOST_AUTO_TEST_CASE(no_open_end_stands_in_a_script_or_a_build_file) {
  for (const auto& path : tree()) {
    if (path.ends_with(".sh") || path.ends_with(".txt") || path.ends_with(".json")) {
      expect_none(complaints_about_words(path, text_of(root() / path)));
    }
  }
}

BOOST_AUTO_TEST_CASE(the_top_holds_exactly_what_the_readme_draws) {
  Names names;
  for (const auto& entry : files::directory_iterator(root())) names.insert(entry.path().filename());
  expect_none(complaints_about_top(names));
}

BOOST_AUTO_TEST_CASE(every_source_is_built_and_every_suite_is_run) {
  // The doubles of tests/support are compiled by whichever folder of tests needs them.
  std::string users_of_support;
  for (const auto& path : tree()) {
    if (path.starts_with("tests/") && path.ends_with("CMakeLists.txt")) {
      users_of_support += text_of(root() / path);
    }
  }
  for (const auto& path : tree()) {
    if (!is_source(path)) continue;
    if (path.starts_with("tests/")) {
      if (path.ends_with(".hpp")) continue;  // not compiled alone
      if (path.starts_with("tests/support/")) {
        const std::string name = "/" + std::string(after_first_part(path));
        BOOST_TEST((users_of_support.find(name) != std::string::npos),
                   path << ": nobody builds it");
        continue;
      }
    }
    files::path folder = (root() / path).parent_path();
    while (!files::exists(folder / "CMakeLists.txt")) folder = folder.parent_path();
    const auto name = (root() / path).lexically_relative(folder).string();
    expect_none(complaints_about_build(name, text_of(folder / "CMakeLists.txt")));
  }
}

BOOST_AUTO_TEST_CASE(other_peoples_packages_are_pinned_and_no_registry_is_named) {
  // Whoever installs them has a registry of their own; npm writes it down if it is let.
  const std::string lock = text_of(root() / "tests/peers/package-lock.json");
  BOOST_TEST((lock.find("\"integrity\": \"sha512-") != std::string::npos));
  BOOST_TEST((lock.find("\"resolved\"") == std::string::npos));
  BOOST_TEST((lock.find("://") == std::string::npos));
  const std::string wanted = text_of(root() / "tests/peers/package.json");
  static const std::regex loose{R"re("[^"]+": "[\^~*<>=])re"};
  const auto dependencies = wanted.substr(wanted.find("\"dependencies\""));
  BOOST_TEST(!std::regex_search(dependencies, loose));
}

// A call that the unit forbids and the program does ends the service at once.
BOOST_AUTO_TEST_CASE(the_unit_takes_back_what_it_forbids_too_much) {
  const std::string unit = text_of(root() / "runner/campanile@.service");
  const auto forbids = unit.find("\nSystemCallFilter=~");
  const auto takes_back = unit.find("\nSystemCallFilter=sched_setattr\n");
  BOOST_TEST((forbids != std::string::npos && takes_back != std::string::npos));
  BOOST_TEST(forbids < takes_back);
}

BOOST_AUTO_TEST_CASE(the_package_lists_say_what_cmake_looks_for) {
  const Names build = packages_of(text_of(root() / "runner/packages.txt"));
  const Names tests = packages_of(text_of(root() / "runner/packages-tests.txt"));
  expect_none(complaints_about_packages(text_of(root() / "CMakeLists.txt"), build));
  expect_none(complaints_about_packages(text_of(root() / "tests/CMakeLists.txt"), tests));
  for (const auto& package : tests) BOOST_TEST(!build.contains(package), package);
}

BOOST_AUTO_TEST_CASE(one_wrong_include_of_each_kind_is_seen) {
  const std::vector<std::array<std::string, 2>> wrong{
      // arrows between the folders
      {"campaigns/decide.cpp", "eventstore/record.hpp"},
      {"campaigns/decide.cpp", "bridge/net/clock.hpp"},
      {"campaigns/decide.cpp", "webhook/routes.hpp"},
      {"campaigns/decide.cpp", "runner/runner.hpp"},
      {"campaigns/decide.cpp", "tests/support/given.hpp"},
      {"eventstore/schema.cpp", "campaigns/events.hpp"},
      {"eventstore/schema.cpp", "bridge/net/clock.hpp"},
      {"bridge/carrier/twilio.cpp", "campaigns/outcome.hpp"},
      {"bridge/net/loop.cpp", "eventstore/record.hpp"},
      {"bridge/http/server.cpp", "webhook/webhook.hpp"},
      {"webhook/webhook.cpp", "eventstore/event_store.hpp"},
      {"webhook/webhook.cpp", "runner/runner.hpp"},
      {"runner/main.cpp", "tests/support/loopback.hpp"},
      // arrows between the layers of bridge
      {"bridge/net/loop.cpp", "bridge/http/message.hpp"},
      {"bridge/tls/tls_stream.cpp", "bridge/http/message.hpp"},
      {"bridge/http/client.cpp", "bridge/ws/connection.hpp"},
      {"bridge/ws/connection.cpp", "bridge/carrier/carrier.hpp"},
      {"bridge/carrier/twilio.cpp", "bridge/voice/voice_model.hpp"},
      {"bridge/voice/openai_realtime.cpp", "bridge/carrier/carrier.hpp"},
      {"bridge/voice/openai_realtime.cpp", "bridge/media/media_bridge.hpp"},
      {"bridge/media/media_bridge.cpp", "bridge/rehearsal/carrier.hpp"},
      // the rehearsal shares nothing with what it tries
      {"bridge/rehearsal/carrier.cpp", "bridge/carrier/twilio_signature.hpp"},
      {"bridge/rehearsal/carrier.cpp", "bridge/voice/openai_realtime.hpp"},
      {"bridge/rehearsal/carrier.cpp", "bridge/media/media_stream.hpp"},
      {"bridge/rehearsal/carrier.cpp", "bridge/http/form.hpp"},
      // paths
      {"bridge/http/client.cpp", "message.hpp"},
      {"bridge/http/client.cpp", "../net/loop.hpp"},
      {"tools/convert.cpp", "campaigns/events.hpp"},
      // the core is pure
      {"campaigns/decide.cpp", "<random>"},
      {"campaigns/decide.cpp", "<thread>"},
      {"campaigns/decide.cpp", "<fstream>"},
      {"campaigns/decide.cpp", "<iostream>"},
      {"campaigns/decide.cpp", "<filesystem>"},
      {"campaigns/decide.cpp", "<sys/socket.h>"},
      {"campaigns/decide.cpp", "<spdlog/spdlog.h>"},
      {"campaigns/decide.cpp", "<uv.h>"},
      {"campaigns/calling_hours.cpp", "<date/tz.h>"},
      {"campaigns/contact_list.cpp", "<phonenumbers/phonenumberutil.h>"},
      // disk and wires
      {"campaigns/decide.cpp", "<sqlite3.h>"},
      {"bridge/net/loop.cpp", "<sqlite3.h>"},
      {"webhook/webhook.cpp", "<SQLiteCpp/SQLiteCpp.h>"},
      {"runner/runner.cpp", "<SQLiteCpp/SQLiteCpp.h>"},
      {"eventstore/event_store.hpp", "<SQLiteCpp/SQLiteCpp.h>"},
      {"eventstore/writer.cpp", "<uv.h>"},
      {"bridge/carrier/twilio.hpp", "<uv.h>"},
      {"bridge/media/media_bridge.hpp", "<wslay/wslay.h>"},
      {"webhook/webhook.hpp", "<llhttp.h>"},
      {"runner/tokens.hpp", "<mbedtls/md.h>"},
      {"eventstore/chain.hpp", "<mbedtls/sha256.h>"},
      // what costs every build its seconds
      {"runner/report.hpp", "<nlohmann/json.hpp>"},
      {"tests/runner/tick_test.cpp", "<boost/test/included/unit_test.hpp>"},
  };
  for (const auto& [path, header] : wrong) {
    BOOST_TEST(complaints_about(path, including(header)).size() == 1U, path << " " << header);
  }
}

BOOST_AUTO_TEST_CASE(right_includes_are_left_alone) {
  const std::vector<std::array<std::string, 2>> right{
      {"campaigns/decide.cpp", "campaigns/events.hpp"},
      {"campaigns/phone_number.cpp", "<phonenumbers/phonenumberutil.h>"},
      {"campaigns/campaign_file.cpp", "<nlohmann/json.hpp>"},
      {"eventstore/writer.cpp", "<SQLiteCpp/SQLiteCpp.h>"},
      {"eventstore/writer.cpp", "<thread>"},
      {"eventstore/chain.cpp", "<mbedtls/sha256.h>"},
      {"bridge/net/uv_access.hpp", "<uv.h>"},
      {"bridge/http/client.cpp", "bridge/tls/tls_stream.hpp"},
      {"bridge/media/media_bridge.cpp", "bridge/voice/voice_model.hpp"},
      {"bridge/rehearsal/carrier.cpp", "bridge/http/server.hpp"},
      {"webhook/webhook.cpp", "bridge/http/server.hpp"},
      {"webhook/webhook.cpp", "campaigns/commands.hpp"},
      {"runner/main.cpp", "eventstore/event_store.hpp"},
      {"tests/runner/kill_test.cpp", "<sqlite3.h>"},
      {"tests/support/world.hpp", "runner/runner.hpp"},
  };
  for (const auto& [path, header] : right) {
    BOOST_TEST(complaints_about(path, including(header)).empty(), path << " " << header);
  }
}

BOOST_AUTO_TEST_CASE(a_clock_or_dice_in_the_core_is_seen_but_not_in_a_comment_or_elsewhere) {
  for (const std::string call :
       {"auto t = std::chrono::system_clock::now();", "std::random_device dice;",
        "const char* zone = std::getenv(\"TZ\");", "std::mt19937_64 dice(1);", "int d = rand();",
        "auto f = fopen(\"x\", \"r\");"}) {
    BOOST_TEST(complaints_about("campaigns/plan.cpp", call).size() == 1U, call);
    BOOST_TEST(complaints_about("runner/clock.cpp", call).empty(), call);
    BOOST_TEST(complaints_about("campaigns/plan.cpp", "// not: " + call).empty(), call);
  }
  BOOST_TEST(complaints_about("campaigns/plan.cpp", "text = \"Clock::now()\";").empty());
  BOOST_TEST(complaints_about("campaigns/plan.cpp", "text = \"//\"; f(Clock::now());").size() ==
             1U);
}

BOOST_AUTO_TEST_CASE(an_open_end_needs_the_number_of_an_issue) {
  for (const std::string word : {"TO"
                                 "DO",
                                 "FIX"
                                 "ME",
                                 "XX"
                                 "X"}) {
    BOOST_TEST(complaints_about("runner/main.cpp", "// " + word + ": later").size() == 1U);
    BOOST_TEST(complaints_about("runner/main.cpp", "// " + word + "(#12): later").empty());
  }
}

BOOST_AUTO_TEST_CASE(a_header_without_its_guard_is_seen) {
  BOOST_TEST(complaints_about("runner/tick.hpp", "struct Tick {};\n").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_stranger_or_a_gap_at_the_top_is_seen) {
  const Names right{"CMakeLists.txt", "CMakePresets.json",
                    "README.md",      "bridge",
                    "campaigns",      "eventstore",
                    "runner",         "tests",
                    "webhook",        ".git",
                    "build"};
  BOOST_TEST(complaints_about_top(right).empty());
  Names stranger = right;
  stranger.insert("docs");
  BOOST_TEST(complaints_about_top(stranger).size() == 1U);
  Names gap = right;
  gap.erase("webhook");
  BOOST_TEST(complaints_about_top(gap).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_source_that_is_not_built_is_seen) {
  BOOST_TEST(complaints_about_build("net/loop.cpp", "PRIVATE net/loop.cpp net/clock.cpp").empty());
  BOOST_TEST(complaints_about_build("net/loop.cpp", "PRIVATE net/my_loop.cpp").size() == 1U);
  BOOST_TEST(complaints_about_build("plan_test.cpp", "SUITES decide plan)").empty());
  BOOST_TEST(complaints_about_build("plan_test.cpp", "SUITES decide plan_two)").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_package_that_one_side_lacks_is_seen) {
  const std::string cmake = "find_package(CLI11 2.1 REQUIRED)   # libcli11-dev\n";
  BOOST_TEST(complaints_about_packages(cmake, {"libcli11-dev", "g++"}).empty());
  BOOST_TEST(complaints_about_packages(cmake, {}).size() == 1U);
  BOOST_TEST(complaints_about_packages(cmake, {"libcli11-dev", "libuv1-dev"}).size() == 1U);
  BOOST_TEST(complaints_about_packages("find_package(date REQUIRED)\n", {}).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
