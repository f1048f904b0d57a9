package dispatch.guest;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The function's stdout and stderr: markers, and what is written for a run that has ended (PROTOCOL.md). */
final class Outputs {
  private static final int LONGEST = 16384;

  /** The run by which a thread was started; those of an executor work for whichever run gave them something to do. */
  private final InheritableThreadLocal<Integer> run = new InheritableThreadLocal<>();

  private final Channel channel;
  /** The guest's own copies of 1 and 2: the function may close those. */
  private final FileOutputStream[] files = {new FileOutputStream(Channel.descriptor(7)), new FileOutputStream(Channel.descriptor(8))};
  private final PrintStream out = new Unending(new Stream(0, "stdout"));
  private final PrintStream err = new Unending(new Stream(1, "stderr"));
  /** What every run begins with: the streams above, or those that the function took in their place while it was loaded. */
  private PrintStream[] first = {out, err};
  private volatile int current;

  Outputs(Channel channel) throws ReflectiveOperationException {
    this.channel = channel;
    System.setOut(out);
    System.setErr(err);
  }

  /** A function may give itself other streams while it is loaded, but no run takes them from the runs after it. */
  void keep() {
    first = new PrintStream[] {System.out == null ? out : System.out, System.err == null ? err : System.err};
  }

  /** A run that closes its outputs closes them for itself, not for the runs after it. */
  private static final class Unending extends PrintStream {
    Unending(OutputStream stream) {
      super(stream, true, StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
      flush();
    }
  }

  void begin(int number) {
    current = number;
    run.set(number);
    if (System.out != first[0]) System.setOut(first[0]);
    if (System.err != first[1]) System.setErr(first[1]);
  }

  /** A line of the guest's own about the run that is going on. */
  void say(String line) {
    err.println(line);
  }

  void mark(String marker, int number) {
    byte[] bytes = ("\0" + marker + ":" + Json.hex(number, 8) + "\n").getBytes(StandardCharsets.UTF_8);
    for (PrintStream stream : new PrintStream[] {System.out, System.err, out, err}) if (stream != null) stream.flush();
    current = 0;
    for (FileOutputStream file : files) {
      try {
        file.write(bytes);
      } catch (IOException closed) {
        // closed by the function
      }
    }
  }

  /** The number of the ended run for which this thread writes; 0 for the one that is going on. */
  private int late() {
    Integer mine = run.get();
    return mine == null || mine == current || isPooled() ? 0 : mine;
  }

  /** Tells the server what an ended run has written or met. */
  void tell(int number, String stream, String line) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("stream", stream);
    body.put("text", line.length() > LONGEST ? line.substring(0, LONGEST) : line);
    channel.send(Channel.LATE, number, Json.write(body, Long.MAX_VALUE).getBytes(StandardCharsets.UTF_8));
  }

  /** False when a run has closed stdout or stderr themselves. */
  boolean whole() {
    return FileDescriptor.out.valid() && FileDescriptor.err.valid();
  }

  private static boolean isPooled() {
    for (StackTraceElement frame : Thread.currentThread().getStackTrace())
      if (frame.getClassName().equals("java.util.concurrent.ThreadPoolExecutor") || frame.getClassName().equals("java.util.concurrent.ForkJoinWorkerThread")) return true;
    return false;
  }

  private final class Stream extends OutputStream {
    private final int index;
    private final String name;
    private final byte[] buffer = new byte[8192];
    private int length;

    Stream(int index, String name) {
      this.index = index;
      this.name = name;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int from, int count) throws IOException {
      int number = late();
      if (number != 0) {
        say(number, new String(bytes, from, count, StandardCharsets.UTF_8));
        return;
      }
      if (count > buffer.length - length) flush();
      if (count > buffer.length) {
        files[index].write(bytes, from, count);
        return;
      }
      System.arraycopy(bytes, from, buffer, length, count);
      length += count;
    }

    @Override
    public synchronized void flush() throws IOException {
      if (length == 0) return;
      files[index].write(buffer, 0, length);
      length = 0;
    }

    private void say(int number, String text) {
      String line = text.stripTrailing();
      if (!line.isEmpty()) tell(number, name, line);
    }
  }
}
