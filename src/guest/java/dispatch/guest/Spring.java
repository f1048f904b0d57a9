package dispatch.guest;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Type;
import java.util.Map;
import java.util.function.BiFunction;

/** A class with `@Configuration` that makes one bean of the type BiFunction. Spring itself comes with the image. */
final class Spring {
  private Spring() {}

  static Handler load(Class<?> configuration, ClassLoader loader) throws Throwable {
    try {
      Class<?> type = Class.forName("org.springframework.context.annotation.AnnotationConfigApplicationContext", true, loader);
      Object context = type.getConstructor(Class[].class).newInstance((Object) new Class<?>[] {configuration});
      Map<?, ?> beans = (Map<?, ?>) type.getMethod("getBeansOfType", Class.class).invoke(context, BiFunction.class);
      if (beans.size() != 1) throw new Handler.Refused(configuration.getName() + " makes " + beans.size() + " beans of the type BiFunction, and one is needed");
      @SuppressWarnings("unchecked")
      BiFunction<Object, Object, Object> function = (BiFunction<Object, Object, Object>) beans.values().iterator().next();
      return Handler.of(function, declared(configuration));
    } catch (InvocationTargetException failed) {
      throw failed.getCause();
    }
  }

  private static Type declared(Class<?> configuration) {
    for (Method method : configuration.getDeclaredMethods()) if (BiFunction.class.isAssignableFrom(method.getReturnType())) return method.getGenericReturnType();
    return BiFunction.class;
  }
}
