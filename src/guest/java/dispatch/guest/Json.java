package dispatch.guest;

import java.lang.reflect.Array;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * JSON both ways. Objects are maps in their order, lists are lists, whole numbers Long or BigInteger, others Double. What has no
 * JSON of its own is written by its fields, as gson did it for the published base image.
 */
final class Json {
  private static final int DEEPEST = 1100;

  /** A value has no JSON; the message says why. */
  static final class NoJson extends RuntimeException {
    NoJson(String message) {
      super(message, null, false, false);
    }
  }

  private final String text;
  private int at;

  private Json(String text) {
    this.text = text;
  }

  static Object parse(String text) {
    return new Json(text).value();
  }

  private Object value() {
    skip();
    char first = text.charAt(at);
    switch (first) {
      case '{': return object();
      case '[': return list();
      case '"': return string();
      case 't': at += 4; return Boolean.TRUE;
      case 'f': at += 5; return Boolean.FALSE;
      case 'n': at += 4; return null;
      default: return number();
    }
  }

  private void skip() {
    while (at < text.length() && text.charAt(at) <= ' ') at++;
  }

  /** Whether another element follows; steps over the comma or the end. */
  private boolean more(char end) {
    skip();
    return text.charAt(at++) != end;
  }

  private Map<String, Object> object() {
    Map<String, Object> map = new LinkedHashMap<>();
    at++;
    skip();
    if (text.charAt(at) == '}') {
      at++;
      return map;
    }
    do {
      skip();
      String name = string();
      skip();
      at++; // the colon
      map.put(name, value());
    } while (more('}'));
    return map;
  }

  private List<Object> list() {
    List<Object> list = new ArrayList<>();
    at++;
    skip();
    if (text.charAt(at) == ']') {
      at++;
      return list;
    }
    do list.add(value());
    while (more(']'));
    return list;
  }

  private String string() {
    int start = ++at;
    while (text.charAt(at) != '"' && text.charAt(at) != '\\') at++;
    if (text.charAt(at) == '"') return text.substring(start, at++);
    StringBuilder built = new StringBuilder(text.substring(start, at));
    for (char letter = text.charAt(at++); letter != '"'; letter = text.charAt(at++)) built.append(letter == '\\' ? escape() : letter);
    return built.toString();
  }

  private char escape() {
    char letter = text.charAt(at++);
    switch (letter) {
      case 'n': return '\n';
      case 't': return '\t';
      case 'r': return '\r';
      case 'b': return '\b';
      case 'f': return '\f';
      case 'u':
        at += 4;
        return (char) Integer.parseInt(text.substring(at - 4, at), 16);
      default: return letter;
    }
  }

  private Number number() {
    int start = at;
    boolean whole = true;
    for (; at < text.length(); at++) {
      char letter = text.charAt(at);
      if (letter == '.' || letter == 'e' || letter == 'E') whole = false;
      else if ((letter < '0' || letter > '9') && letter != '-' && letter != '+') break;
    }
    String digits = text.substring(start, at);
    if (!whole) return Double.valueOf(digits);
    if (digits.length() <= 18) return Long.valueOf(digits);
    BigInteger number = new BigInteger(digits);
    return number.bitLength() < 64 ? (Number) number.longValue() : number;
  }

  /** @throws NoJson with the reason; also for what is longer than `most` letters. */
  static String write(Object value, long most) {
    StringBuilder out = new StringBuilder();
    write(out, value, null, most);
    return out.toString();
  }

  /** What holds the value that is being written, up to the result. */
  private record Holder(Object value, Holder above, int depth) {
    static Holder of(Object value, Holder above) {
      return new Holder(value, above, above == null ? 1 : above.depth + 1);
    }

    /** Why it goes no deeper. */
    NoJson tooDeep() {
      for (Holder holder = above; holder != null; holder = holder.above)
        if (holder.value == value) return new NoJson("it is circular: a " + value.getClass().getTypeName() + " holds itself");
      return new NoJson("it nests deeper than " + DEEPEST + " levels");
    }
  }

  private static void write(StringBuilder out, Object value, Holder above, long most) {
    if (above != null && above.depth > DEEPEST) throw above.tooDeep();
    if (out.length() > most) throw new NoJson("it is longer than the limit of " + most + " bytes");
    if (value == null || value instanceof Boolean) out.append(value);
    else if (value instanceof CharSequence || value instanceof Character || value instanceof Enum) quote(out, value instanceof Enum ? ((Enum<?>) value).name() : value.toString());
    else if (value instanceof Number number) writeNumber(out, number);
    else if (value instanceof Map<?, ?> map) writeMap(out, map, Holder.of(value, above), most);
    else if (value instanceof Iterable<?> items && !(value instanceof java.nio.file.Path)) writeItems(out, items, Holder.of(value, above), most);
    else if (value.getClass().isArray()) writeItems(out, listOf(value), Holder.of(value, above), most);
    else if (value instanceof Optional<?> optional) write(out, optional.orElse(null), above, most);
    else if (value instanceof java.util.Date date) quote(out, java.time.Instant.ofEpochMilli(date.getTime()).toString());
    else if (Mapping.isText(value.getClass())) quote(out, value.toString());
    else writeMap(out, Mapping.fieldsOf(value), Holder.of(value, above), most);
  }

  private static void writeNumber(StringBuilder out, Number number) {
    if ((number instanceof Double || number instanceof Float) && !Double.isFinite(number.doubleValue())) throw new NoJson("it holds " + number + ", which JSON does not know");
    double value = number.doubleValue();
    boolean isWhole = number instanceof Double && value == Math.rint(value) && Math.abs(value) < 1e15;
    out.append(isWhole ? BigDecimal.valueOf(value).toBigInteger().toString() : number.toString());
  }

  private static void writeMap(StringBuilder out, Map<?, ?> map, Holder holder, long most) {
    char before = '{';
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      out.append(before);
      quote(out, String.valueOf(entry.getKey()));
      out.append(':');
      write(out, entry.getValue(), holder, most);
      before = ',';
    }
    out.append(before == '{' ? "{}" : "}");
  }

  private static void writeItems(StringBuilder out, Iterable<?> items, Holder holder, long most) {
    char before = '[';
    for (Object item : items) {
      out.append(before);
      write(out, item, holder, most);
      before = ',';
    }
    out.append(before == '[' ? "[]" : "]");
  }

  private static List<Object> listOf(Object array) {
    List<Object> list = new ArrayList<>();
    for (int index = 0; index < Array.getLength(array); index++) list.add(Array.get(array, index));
    return list;
  }

  private static void quote(StringBuilder out, String value) {
    out.append('"');
    for (int index = 0; index < value.length(); index++) {
      char letter = value.charAt(index);
      if (letter == '"' || letter == '\\') out.append('\\').append(letter);
      else if (letter < ' ' || isLone(value, index)) out.append("\\u").append(hex(letter, 4));
      else out.append(letter);
    }
    out.append('"');
  }

  /** The last `count` hexadecimal digits of a number. */
  static String hex(int number, int count) {
    char[] digits = new char[count];
    for (int index = count - 1; index >= 0; index--, number >>>= 4) digits[index] = Character.forDigit(number & 15, 16);
    return new String(digits);
  }

  /** Half of a surrogate pair, which only an escape can carry. */
  private static boolean isLone(String value, int index) {
    char letter = value.charAt(index);
    if (!Character.isSurrogate(letter)) return false;
    boolean paired = Character.isHighSurrogate(letter)
        ? index + 1 < value.length() && Character.isLowSurrogate(value.charAt(index + 1))
        : index > 0 && Character.isHighSurrogate(value.charAt(index - 1));
    return !paired;
  }
}
