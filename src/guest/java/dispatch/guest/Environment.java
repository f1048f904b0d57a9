package dispatch.guest;

import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;

/** The function's variables, as `System.getenv` and started programs see them: Java has no way to set one. */
final class Environment {
  private Environment() {}

  static void set(Map<?, ?> variables) throws ReflectiveOperationException {
    if (variables == null || variables.isEmpty()) return;
    Map<String, String> added = new HashMap<>();
    for (Map.Entry<?, ?> variable : variables.entrySet()) added.put((String) variable.getKey(), (String) variable.getValue());
    Class<?> type = Class.forName("java.lang.ProcessEnvironment"); // opened by --add-opens
    Field unmodifiable = type.getDeclaredField("theUnmodifiableEnvironment");
    unmodifiable.setAccessible(true);
    Field inner = Class.forName("java.util.Collections$UnmodifiableMap").getDeclaredField("m");
    inner.setAccessible(true);
    @SuppressWarnings("unchecked")
    Map<String, String> environment = (Map<String, String>) inner.get(unmodifiable.get(null));
    environment.putAll(added);
  }
}
