package dispatch.guest;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Processes that a run started and left behind (PROTOCOL.md). They are read from /proc: the first use of ProcessHandle starts a pool of threads. */
final class Leftovers {
  private static final long ASK_AGAIN = 100_000_000L, PATIENCE = 50_000_000L;
  private static final int NAMED = 10;

  private record Living(String name, char state, long parent) {}

  private final Set<Long> kept = new HashSet<>();
  private String last = "";
  private long askAgain = System.nanoTime();

  /** To be called when the function is loaded: processes that live now belong to the worker. */
  void keep() {
    kept.addAll(numbers());
    last = youngest();
  }

  /** The number of the youngest process or thread in this namespace: while it stays the same, nothing was started. */
  private static String youngest() {
    String text = read("/proc/loadavg").trim();
    return text.substring(text.lastIndexOf(' ') + 1);
  }

  /** Ends what the run left behind, and gives the line that says so; null when there was nothing. */
  String end() {
    long now = System.nanoTime();
    if (now - askAgain < 0) return null;
    askAgain = now + ASK_AGAIN;
    if (youngest().equals(last)) return null;
    Map<Long, String> named = new LinkedHashMap<>();
    // At least once, however long a busy machine takes to list them.
    Map<Long, String> left = left();
    do {
      named.putAll(left);
      for (long number : left.keySet()) end(number);
      left = left();
    } while (!left.isEmpty() && System.nanoTime() - now < PATIENCE);
    last = youngest();
    return named.isEmpty() ? null : "dispatch: the run left processes behind, which were ended: " + listed(named);
  }

  private static void end(long number) {
    var process = ProcessHandle.of(number);
    if (process.isPresent()) process.get().destroyForcibly();
  }

  private static String listed(Map<Long, String> named) {
    List<String> some = new ArrayList<>();
    for (Map.Entry<Long, String> one : named.entrySet()) if (some.size() < NAMED) some.add(one.getValue() + " (" + one.getKey() + ")");
    return String.join(", ", some);
  }

  /** All processes: number to name. */
  private Map<Long, String> left() {
    Map<Long, Living> all = new LinkedHashMap<>();
    for (long number : numbers()) {
      Living one = living(number);
      if (one != null) all.put(number, one);
    }
    Map<Long, String> left = new LinkedHashMap<>();
    for (Map.Entry<Long, Living> one : all.entrySet()) {
      char state = one.getValue().state;
      if (state != 'Z' && state != 'X' && !kept.contains(one.getKey()) && !isOfHelper(one.getValue(), all)) left.put(one.getKey(), one.getValue().name);
    }
    return left;
  }

  /** Whether it descends from a helper that was started while the function was loaded. */
  private boolean isOfHelper(Living process, Map<Long, Living> all) {
    long own = ProcessHandle.current().pid();
    for (Living above = process; above != null; above = all.get(above.parent)) {
      if (above.parent != 1 && above.parent != own && kept.contains(above.parent)) return true;
    }
    return false;
  }

  private static List<Long> numbers() {
    List<Long> numbers = new ArrayList<>();
    String[] names = new File("/proc").list();
    if (names != null) for (String name : names) if (Character.isDigit(name.charAt(0))) numbers.add(Long.valueOf(name));
    return numbers;
  }

  /** Null when it has ended. */
  private static Living living(long number) {
    String stat = read("/proc/" + number + "/stat");
    int end = stat.lastIndexOf(')');
    if (end < 0) return null;
    String parent = stat.substring(end + 4, stat.indexOf(' ', end + 4));
    return new Living(stat.substring(stat.indexOf('(') + 1, end), stat.charAt(end + 2), Long.parseLong(parent));
  }

  /** Empty when it cannot be read. */
  private static String read(String path) {
    try (InputStream in = new FileInputStream(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException gone) {
      return "";
    }
  }
}
