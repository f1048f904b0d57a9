package dispatch.guest;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** From whatever a function threw to the error of the run. */
final class Failure {
  private static final int LONGEST_MESSAGE = 16384, MOST_LINES = 50, LONGEST_LINE = 500, DEEPEST = 10;
  private static final String REFUSAL = "Invalid function file or handler";
  private static final String OWN = Failure.class.getPackageName() + ".";

  private Failure() {}

  static byte[] of(Throwable error) {
    boolean isInput = error instanceof IllegalArgumentException || error instanceof Mapping.Mismatch || error.getClass().getSimpleName().equals("InputError");
    return json(isInput ? "InputError" : "FunctionError", messageOf(error, 0), traceOf(error));
  }

  static byte[] ofResult(String reason) {
    return json("FunctionError", "the result cannot be written as JSON: " + reason, List.of());
  }

  static byte[] ofLoading(Throwable error) {
    String text = error instanceof Handler.Refused ? error.getMessage() : String.join("\n", traceOf(error));
    return json("FunctionError", text + "\n" + REFUSAL, List.of());
  }

  static RuntimeException sneaky(Throwable error) {
    return Failure.<RuntimeException>raise(error);
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E raise(Throwable error) throws E {
    throw (E) error;
  }

  private static String textOf(Throwable error) {
    try {
      String message = error.getLocalizedMessage();
      return message == null || message.isEmpty() ? error.getClass().getName() : message;
    } catch (Throwable broken) {
      return error.getClass().getName();
    }
  }

  /** The message with its reasons: causes, and what was suppressed. */
  private static String messageOf(Throwable error, int depth) {
    String text = textOf(error);
    if (depth >= DEEPEST) return text;
    List<Throwable> reasons = new ArrayList<>(List.of(error.getSuppressed()));
    if (error.getCause() != null) reasons.add(error.getCause());
    for (Throwable reason : reasons) {
      String inner = messageOf(reason, depth + 1);
      if (!text.contains(inner)) text += ": " + inner;
    }
    return text;
  }

  private static List<String> traceOf(Throwable error) {
    List<String> lines = new ArrayList<>();
    addTrace(lines, error, "", "", 0);
    return lines;
  }

  /** As Java prints it: what was suppressed is set in, what caused it follows. */
  private static void addTrace(List<String> lines, Throwable error, String indent, String label, int depth) {
    if (depth >= DEEPEST || lines.size() >= MOST_LINES) return;
    String name = error.getClass().getName(), text = textOf(error);
    lines.add(indent + label + (text.equals(name) ? name : name + ": " + text));
    for (StackTraceElement frame : error.getStackTrace()) {
      if (frame.getClassName().startsWith(OWN)) break; // what called the function
      lines.add(indent + "    at " + frame.getClassName() + "." + frame.getMethodName() + "(" + frame.getFileName() + ":" + frame.getLineNumber() + ")");
    }
    for (Throwable suppressed : error.getSuppressed()) addTrace(lines, suppressed, indent + "    ", "Suppressed: ", depth + 1);
    if (error.getCause() != null) addTrace(lines, error.getCause(), indent, "Caused by: ", depth + 1);
  }

  private static byte[] json(String type, String message, List<String> trace) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("type", type);
    body.put("message", message.length() > LONGEST_MESSAGE ? message.substring(0, LONGEST_MESSAGE) : message);
    List<String> lines = new ArrayList<>();
    for (String line : trace) if (lines.size() < MOST_LINES) lines.add(line.length() > LONGEST_LINE ? line.substring(0, LONGEST_LINE) : line);
    body.put("stacktrace", lines);
    return Json.write(body, Long.MAX_VALUE).getBytes(StandardCharsets.UTF_8);
  }
}
