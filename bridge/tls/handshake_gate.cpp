#include "bridge/tls/handshake_gate.hpp"

#include <map>
#include <utility>

namespace bridge::tls {

struct HandshakeGate::Block {
  Options options{};
  std::size_t inside = 0;
  std::map<Id, std::function<void(Place)>> waiting{};
  Id ids = 0;

  static void let_in(const std::shared_ptr<Block>& self) {
    while (!self->waiting.empty() && self->inside < self->options.at_once_max) {
      const auto next = self->waiting.extract(self->waiting.begin());
      ++self->inside;
      next.mapped()(Place(self.get(), [self](Block*) {
        --self->inside;
        let_in(self);
      }));
    }
  }
};

HandshakeGate::HandshakeGate(Options options) : block_(std::make_shared<Block>()) {
  block_->options = options;
}

HandshakeGate::~HandshakeGate() {
  block_->waiting.clear();
}

HandshakeGate::Id HandshakeGate::enter(std::function<void(Place)> go) {
  Block& b = *block_;
  if (b.inside >= b.options.at_once_max && b.waiting.size() >= b.options.waiting_max) return 0;
  const Id id = ++b.ids;
  b.waiting.emplace(id, std::move(go));
  Block::let_in(block_);
  return id;
}

void HandshakeGate::withdraw(Id id) {
  block_->waiting.erase(id);
}

std::size_t HandshakeGate::inside() const {
  return block_->inside;
}

std::size_t HandshakeGate::waiting() const {
  return block_->waiting.size();
}

}  // namespace bridge::tls
