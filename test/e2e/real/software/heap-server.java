import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.concurrent.Executors;

/** An HTTP server whose heap is as large as it was last told: GET /hold?mb=N; GET /work makes garbage and adds it up. */
class HeapServer {
  private static final ArrayDeque<byte[]> held = new ArrayDeque<>();

  public static void main(String[] words) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.createContext("/hold", exchange -> answer(exchange, hold(Integer.parseInt(exchange.getRequestURI().getQuery().substring(3)))));
    server.createContext("/work", exchange -> answer(exchange, work()));
    server.start();
  }

  private static synchronized int hold(int megabytes) {
    // Objects of a megabyte would be what G1 calls humongous, and take two regions each.
    while (held.size() < 4 * megabytes) held.add(new byte[1 << 18]);
    while (held.size() > 4 * megabytes) held.remove();
    return held.size();
  }

  private static int work() {
    int sum = 0;
    for (int round = 0; round < 15; round++) {
      byte[] garbage = new byte[100_000];
      for (int i = 0; i < garbage.length; i++) garbage[i] = (byte) (i * 31 + sum);
      for (byte value : garbage) sum += value;
    }
    return sum;
  }

  private static void answer(HttpExchange exchange, int number) throws IOException {
    byte[] body = (number + "\n").getBytes();
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
