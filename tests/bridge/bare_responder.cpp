// The least that a webhook can cost with our libraries: libuv reads, llhttp parses, and every
// request gets the same answer. No signature, no form, no state, no limit; what other servers are
// held against.
//
//   bare_responder        prints its port, and serves until it is killed
#include <llhttp.h>
#include <netinet/in.h>
#include <uv.h>

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

constexpr std::string_view body =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say language=\"it-IT\">Ciao.</Say>"
    "<Pause length=\"1\"/><Hangup/></Response>";
const std::string answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: " +
    std::to_string(body.size()) + "\r\nConnection: keep-alive\r\n\r\n" + std::string(body);

struct Connection {
  uv_tcp_t socket{};
  llhttp_t parser{};
};

llhttp_settings_t settings{};
std::array<char, 65536> buffer{};

int on_request(llhttp_t* parser) {
  auto* connection = static_cast<Connection*>(parser->data);
  const uv_buf_t part =
      uv_buf_init(const_cast<char*>(answer.data()), static_cast<unsigned>(answer.size()));
  uv_try_write(reinterpret_cast<uv_stream_t*>(&connection->socket), &part, 1);
  return 0;
}

void on_buffer(uv_handle_t*, std::size_t, uv_buf_t* into) {
  *into = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
}

void on_read(uv_stream_t* stream, ssize_t count, const uv_buf_t* bytes) {
  auto* connection = static_cast<Connection*>(stream->data);
  if (count > 0 &&
      llhttp_execute(&connection->parser, bytes->base, static_cast<std::size_t>(count)) == HPE_OK) {
    return;
  }
  if (count == 0) return;
  uv_close(reinterpret_cast<uv_handle_t*>(stream),
           [](uv_handle_t* handle) { delete static_cast<Connection*>(handle->data); });
}

void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  auto* connection = new Connection;
  uv_tcp_init(listener->loop, &connection->socket);
  connection->socket.data = connection;
  auto* stream = reinterpret_cast<uv_stream_t*>(&connection->socket);
  uv_accept(listener, stream);
  uv_tcp_nodelay(&connection->socket, 1);
  llhttp_init(&connection->parser, HTTP_REQUEST, &settings);
  connection->parser.data = connection;
  uv_read_start(stream, on_buffer, on_read);
}

}  // namespace

int main() {
  llhttp_settings_init(&settings);
  settings.on_message_complete = on_request;
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener{};
  uv_tcp_init(loop, &listener);
  sockaddr_in address{};
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_bind(&listener, reinterpret_cast<const sockaddr*>(&address), 0);
  if (uv_listen(reinterpret_cast<uv_stream_t*>(&listener), 128, on_connection) != 0) return 1;
  int size = sizeof address;
  uv_tcp_getsockname(&listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("%d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
