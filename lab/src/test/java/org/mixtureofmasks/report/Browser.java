package org.mixtureofmasks.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A headless Chromium with one page, led over the DevTools protocol; it can reach no network. */
final class Browser implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 60;
  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

  private final ObjectMapper mapper = new ObjectMapper();
  private final HttpClient http = HttpClient.newHttpClient();
  private final ConcurrentHashMap<Integer, CompletableFuture<JsonNode>> answers =
      new ConcurrentHashMap<>();
  private final List<JsonNode> events = new CopyOnWriteArrayList<>();
  private final Process process;
  private WebSocket page;
  private int calls;

  /** MOM_CHROME, or the first of the PATH that runs. */
  static Optional<String> find() {
    String chosen = System.getenv("MOM_CHROME");
    if (chosen != null) {
      return Optional.of(chosen);
    }
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .map(Path::toString)
        .filter(Browser::runs)
        .findFirst();
  }

  /** Some systems ship a script of this name that only says how to get the browser. */
  private static boolean runs(String executable) {
    try {
      Process version =
          new ProcessBuilder(executable, "--version")
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return version.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && version.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * @param folder an empty one, for its profile and its log
   */
  Browser(String executable, Path folder) throws IOException, InterruptedException {
    Path log = folder.resolve("browser.log");
    process =
        new ProcessBuilder(
                executable,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--remote-debugging-port=0",
                "--user-data-dir=" + folder.resolve("profile"),
                "about:blank")
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    String port = port(folder.resolve("profile/DevToolsActivePort"), log);
    page =
        http.newWebSocketBuilder()
            .buildAsync(URI.create(address(port)), new Listener())
            .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .join();
    for (String domain : List.of("Page", "Runtime", "Network", "Log")) {
      call(domain + ".enable", object());
    }
  }

  private String port(Path file, Path log) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(file) || Files.readString(file).lines().count() < 2) {
      if (!process.isAlive() || System.nanoTime() > end) {
        close();
        throw new IllegalStateException("the browser does not start: " + Files.readString(log));
      }
      Thread.sleep(20);
    }
    return Files.readString(file).lines().findFirst().orElseThrow();
  }

  private String address(String port) throws IOException, InterruptedException {
    URI list = URI.create("http://127.0.0.1:" + port + "/json/list");
    String pages = http.send(HttpRequest.newBuilder(list).build(), BodyHandlers.ofString()).body();
    for (JsonNode one : mapper.readTree(pages)) {
      if (one.path("type").asText().equals("page")) {
        return one.path("webSocketDebuggerUrl").asText();
      }
    }
    throw new IllegalStateException("the browser has no page: " + pages);
  }

  ObjectNode object() {
    return mapper.createObjectNode();
  }

  /** Calls a method of the protocol and waits for its result. */
  JsonNode call(String method, ObjectNode parameters) {
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    int id = ++calls;
    answers.put(id, answer);
    ObjectNode message = object().put("id", id).put("method", method);
    message.set("params", parameters);
    page.sendText(message.toString(), true).join();
    JsonNode result = answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    if (result.has("error")) {
      throw new IllegalStateException(method + ": " + result.path("error"));
    }
    return result.path("result");
  }

  /** The value of an expression in the page, as JSON; a promise is waited for. */
  JsonNode evaluate(String expression) {
    JsonNode result =
        call(
            "Runtime.evaluate",
            object()
                .put("expression", expression)
                .put("returnByValue", true)
                .put("awaitPromise", true));
    if (result.has("exceptionDetails")) {
      throw new IllegalStateException(expression + ": " + result.path("exceptionDetails"));
    }
    return result.path("result").path("value");
  }

  /** Opens a file and waits until its scripts have run; forgets earlier events. */
  void open(Path file) throws InterruptedException {
    events.clear();
    call("Page.navigate", object().put("url", file.toUri().toString()));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (events("Page.loadEventFired").isEmpty()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("the page does not load");
      }
      Thread.sleep(10);
    }
  }

  void size(int width, int height) {
    call(
        "Emulation.setDeviceMetricsOverride",
        object()
            .put("width", width)
            .put("height", height)
            .put("deviceScaleFactor", 1)
            .put("mobile", false));
  }

  /**
   * @param media "screen" or "print"
   * @param scheme "light" or "dark", what the system prefers
   */
  void media(String media, String scheme) {
    ObjectNode parameters = object().put("media", media);
    parameters
        .putArray("features")
        .addObject()
        .put("name", "prefers-color-scheme")
        .put("value", scheme);
    call("Emulation.setEmulatedMedia", parameters);
    // The page hears of it when it is drawn next.
    evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
  }

  void press(String key, int code) {
    for (String type : List.of("keyDown", "keyUp")) {
      call(
          "Input.dispatchKeyEvent",
          object().put("type", type).put("key", key).put("windowsVirtualKeyCode", code));
    }
  }

  /** What the page did since it was opened, by the protocol's name of the event. */
  List<JsonNode> events(String method) {
    return events.stream().filter(e -> e.path("method").asText().equals(method)).toList();
  }

  /** Asked to end, it takes its temporary files with it; one that does not end is killed. */
  @Override
  public void close() {
    if (process.isAlive() && page != null) {
      call("Browser.close", object());
    }
    List<ProcessHandle> all =
        Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        all.forEach(ProcessHandle::destroyForcibly);
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    all.forEach(one -> one.onExit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join());
    http.shutdownNow();
  }

  private final class Listener implements WebSocket.Listener {
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        try {
          JsonNode message = mapper.readTree(text.toString());
          if (message.has("id")) {
            answers.remove(message.path("id").asInt()).complete(message);
          } else {
            events.add(message);
          }
        } catch (IOException e) {
          throw new IllegalStateException(e);
        } finally {
          text.setLength(0);
        }
      }
      socket.request(1);
      return null;
    }
  }
}
