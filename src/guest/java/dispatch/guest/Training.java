package dispatch.guest;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.zip.ZipFile;

/**
 * A worker's life without a server: load, three runs, the end. Java then archives the classes that it knows by now (class data
 * sharing), those of the image among them: they are loaded but never initialised, so no code of the image runs here.
 */
final class Training {
  /** How many classes are archived at most: more cost a start more than they save. */
  private static final int MOST_CLASSES = 8_000;

  private Training() {}

  /** @param args a folder to make, and the folder of the image's archives if it has any. */
  static void run(String[] args) throws Exception {
    File folder = new File(args[0]);
    folder.mkdirs();
    if (args.length > 1) loadClasses(Handler.loaderOf(folder, args[1]), new File(args[1]));
    Rehearsal.run();
    try {
      Main.live(new Channel(new Script(frames(folder)), OutputStream.nullOutputStream()));
    } catch (End reached) {
      // the end that is expected here
    }
  }

  private static byte[] frames(File folder) throws IOException {
    String header = "{\"marker\":\"training\",\"folder\":" + Json.write(folder.toString(), 10_000) + ",\"environment\":{\"A\":\"a\"},\"handler\":\"dispatch.guest.Training$Echo\",\"alone\":true,\"maxOutputBytes\":1000}";
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    frames.write(Channel.frame(Channel.LOAD, 0, join(sized(header), sized("[{\"path\":\"note.txt\",\"mode\":420,\"size\":0}]"))));
    for (String payload : Rehearsal.PAYLOADS)
      frames.write(Channel.frame(Channel.INVOKE, 1, ("{\"context\":{\"runId\":\"1\"},\"payload\":" + payload + "}").getBytes()));
    return frames.toByteArray();
  }

  private static byte[] sized(String text) {
    byte[] bytes = text.getBytes();
    return ByteBuffer.allocate(4 + bytes.length).putInt(bytes.length).put(bytes).array();
  }

  private static byte[] join(byte[] one, byte[] other) {
    return ByteBuffer.allocate(one.length + other.length).put(one).put(other).array();
  }

  private static void loadClasses(ClassLoader loader, File archives) throws IOException {
    int count = 0;
    for (File file : Handler.archivesIn(archives)) {
      for (String name : classesIn(file)) {
        if (count++ >= MOST_CLASSES) return;
        load(name, loader);
      }
    }
  }

  private static List<String> classesIn(File file) {
    try (ZipFile archive = new ZipFile(file)) {
      return archive.stream().map(entry -> entry.getName()).filter(name -> name.endsWith(".class") && name.indexOf('-') < 0).map(name -> name.substring(0, name.length() - 6).replace('/', '.')).toList();
    } catch (IOException damaged) {
      return List.of();
    }
  }

  private static void load(String name, ClassLoader loader) {
    try {
      Class.forName(name, false, loader).getDeclaredConstructors(); // asking for them links the class, and only what is linked is archived
    } catch (Throwable absent) {
      // what it needs is not in the image: then no function can use it, either
    }
  }

  /** What functions do most: print, compute, answer. */
  public static final class Echo implements BiFunction<Map<String, Object>, Rehearsal.Order, Object> {
    public Object apply(Map<String, Object> context, Rehearsal.Order order) {
      System.out.println("training " + Base64.getEncoder().encodeToString(new byte[3]));
      return Map.of("name", order.name(), "context", context, "count", order.count());
    }
  }

  private static final class End extends RuntimeException {}

  private static final class Script extends InputStream {
    private final ByteArrayInputStream frames;

    Script(byte[] frames) {
      this.frames = new ByteArrayInputStream(frames);
    }

    @Override
    public int read() {
      return frames.read();
    }

    @Override
    public int read(byte[] into, int at, int length) {
      if (frames.available() == 0 && length > 0) throw new End();
      return frames.read(into, at, length);
    }

    @Override
    public int available() {
      return frames.available();
    }
  }
}
