#include "bridge/voice/voice.hpp"

namespace bridge::voice {

std::string_view name_of(Fault fault) {
  switch (fault) {
    case Fault::unreachable:
      return "unreachable";
    case Fault::refused:
      return "refused";
    case Fault::limited:
      return "limited";
    case Fault::silent:
      return "silent";
    case Fault::dropped:
      return "dropped";
    case Fault::expired:
      return "expired";
    case Fault::nonsense:
      return "nonsense";
  }
  return "dropped";
}

}  // namespace bridge::voice
