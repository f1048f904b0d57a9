package dispatch.guest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Processes that a run started and left behind (PROTOCOL.md). */
final class Leftovers {
  private static final Path LOAD = Path.of("/proc/loadavg");
  private static final long ASK_AGAIN = 100_000_000L, PATIENCE = 50_000_000L;
  private static final int NAMED = 10;

  private final Set<Long> kept = new HashSet<>();
  private String last = "";
  private long askAgain = System.nanoTime();

  /** The function is loaded: what lives now belongs to the worker. */
  void keep() {
    ProcessHandle.allProcesses().forEach(process -> kept.add(process.pid()));
    last = youngest();
  }

  /** Of the youngest process or thread in this namespace: while it stays, nothing was started. */
  private static String youngest() {
    try {
      String text = Files.readString(LOAD).trim();
      return text.substring(text.lastIndexOf(' ') + 1);
    } catch (IOException unreadable) {
      return "";
    }
  }

  /** Ends what the run left behind, and gives the line that says so; null when there was nothing. */
  String end() {
    long now = System.nanoTime();
    if (now - askAgain < 0) return null;
    askAgain = now + ASK_AGAIN;
    if (youngest().equals(last)) return null;
    Map<Long, String> named = new LinkedHashMap<>();
    // At least once, however long a busy machine takes to list them.
    List<ProcessHandle> left = left();
    do {
      for (ProcessHandle process : left) {
        named.put(process.pid(), nameOf(process.pid()));
        process.destroyForcibly();
      }
      left = left();
    } while (!left.isEmpty() && System.nanoTime() - now < PATIENCE);
    last = youngest();
    if (named.isEmpty()) return null;
    List<String> some = named.entrySet().stream().limit(NAMED).map(one -> one.getValue() + " (" + one.getKey() + ")").toList();
    return "dispatch: the run left processes behind, which were ended: " + String.join(", ", some);
  }

  private List<ProcessHandle> left() {
    return ProcessHandle.allProcesses().filter(one -> !kept.contains(one.pid()) && one.isAlive() && !isOfHelper(one) && !isZombie(one.pid())).toList();
  }

  /** Whether it descends from a helper that was started while the function was loaded. */
  private boolean isOfHelper(ProcessHandle process) {
    long own = ProcessHandle.current().pid();
    for (var above = process.parent(); above.isPresent(); above = above.get().parent()) {
      long pid = above.get().pid();
      if (pid != 1 && pid != own && kept.contains(pid)) return true;
    }
    return false;
  }

  private static String stat(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/stat"));
    } catch (IOException ended) {
      return "? (?) Z";
    }
  }

  private static boolean isZombie(long pid) {
    String stat = stat(pid);
    return stat.charAt(stat.lastIndexOf(')') + 2) == 'Z';
  }

  private static String nameOf(long pid) {
    String stat = stat(pid);
    return stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  }
}
