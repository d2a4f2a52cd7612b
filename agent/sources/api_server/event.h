// What a reflector reports: the objects of one resource, and how the server is. Rows are whole and checked (sources/decode); a sequence
// of events that ends in Complete says all there is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sources/decode/objects.h"

namespace sources::api_server {

struct Began {};  // a full state follows, from its first object on
struct Put {
  std::string key;
  decode::ObjectRow row;
  std::string left_out = {};  // as in decode::DecodedObject
};
struct Gone {
  std::string key;
};
struct Broken {
  std::optional<decode::ObjectId> id;  // nullopt: it could not be told which object this was to be
  std::string text;
};
struct Complete {};   // all that is there has been put since Began
struct Answered {};   // the server gives what it was asked for
struct Watching {};   // what changes from now on is reported
struct Unwatched {};  // no longer
struct Trouble {
  std::string text;            // "403 Forbidden: nodes is forbidden: ..."
  std::string forbidden_verb;  // "watch", "list"; "" when the trouble is no missing right
  bool unreachable = false;    // there was no answer at all
};

using Event = std::variant<Began, Put, Gone, Broken, Complete, Answered, Watching, Unwatched, Trouble>;
using Events = std::vector<Event>;

// One line of a watch. Objects arrive as Put, Gone or Broken; the other two say something about the stream.
struct Bookmark {};
struct ErrorEvent {
  int code = 0;
  std::string reason, message;
};
struct WatchLine {
  std::variant<Event, Bookmark, ErrorEvent> content;
  std::string resource_version;  // "" when it has none
};
WatchLine read_watch_line(size_t kind, std::string_view line);

// One of a list's items.
Event read_item(size_t kind, std::string_view text);

}  // namespace sources::api_server
