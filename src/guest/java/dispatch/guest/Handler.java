package dispatch.guest;

import java.io.File;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.net.URL;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** The function's class: made once, called for each run with values of the types that it names. */
final class Handler {
  /** The class was found, but it is no handler. */
  static final class Refused extends Exception {
    Refused(String message) {
      super(message);
    }
  }

  private final BiFunction<Object, Object, Object> function;
  private final Type context;
  private final Type payload;

  private Handler(BiFunction<Object, Object, Object> function, Type[] types) {
    this.function = function;
    this.context = types[0];
    this.payload = types[1];
  }

  Object call(Object contextValue, Object payloadValue) {
    return function.apply(Mapping.to(contextValue, context, "context"), Mapping.to(payloadValue, payload, "payload"));
  }

  static Handler load(String name, File folder, String modules) throws Throwable {
    ClassLoader loader = loaderOf(folder, modules);
    Thread.currentThread().setContextClassLoader(loader);
    Class<?> type = find(name, loader);
    if (isSpring(type)) return Spring.load(type, loader);
    return new Handler(make(type), typesOf(type));
  }

  static Handler of(BiFunction<Object, Object, Object> function, Type declared) {
    Type[] types = declared instanceof ParameterizedType generic && generic.getActualTypeArguments().length == 3 ? generic.getActualTypeArguments() : typesOf(function.getClass());
    return new Handler(function, types);
  }

  /** The function's own classes, its archives, then those of the image. */
  static ClassLoader loaderOf(File folder, String modules) throws IOException {
    List<URL> urls = new ArrayList<>();
    File classes = new File(folder, "classes"), lib = new File(folder, "lib");
    if (classes.isDirectory()) urls.add(classes.toURI().toURL());
    urls.add(folder.toURI().toURL());
    for (File archives : modules == null ? List.of(folder, lib) : List.of(folder, lib, new File(modules))) {
      for (File file : archivesIn(archives)) urls.add(file.toURI().toURL());
    }
    return new Loader(urls.toArray(new URL[0]), ClassLoader.getSystemClassLoader());
  }

  static List<File> archivesIn(File folder) {
    String[] names = folder.list();
    if (names == null) return List.of();
    Arrays.sort(names);
    List<File> archives = new ArrayList<>();
    for (String name : names) if (name.endsWith(".jar")) archives.add(new File(folder, name));
    return archives;
  }

  /** `a.Outer.Inner` may be meant as `a.Outer$Inner`. */
  private static Class<?> find(String name, ClassLoader loader) throws Throwable {
    for (String candidate = name; ; ) {
      try {
        return Class.forName(candidate, true, loader);
      } catch (ExceptionInInitializerError failed) {
        throw failed.getCause();
      } catch (ClassNotFoundException absent) {
        int dot = candidate.lastIndexOf('.');
        if (dot < 0) throw new Refused("the class " + name + " is not in the function");
        candidate = candidate.substring(0, dot) + "$" + candidate.substring(dot + 1);
      }
    }
  }

  private static boolean isSpring(Class<?> type) {
    for (Annotation one : type.getAnnotations()) if (one.annotationType().getName().equals("org.springframework.context.annotation.Configuration")) return true;
    return false;
  }

  @SuppressWarnings("unchecked")
  private static BiFunction<Object, Object, Object> make(Class<?> type) throws Throwable {
    if (!BiFunction.class.isAssignableFrom(type)) throw new Refused(type.getName() + " does not implement java.util.function.BiFunction<C, P, R>");
    if (type.isInterface() || Modifier.isAbstract(type.getModifiers())) throw new Refused(type.getName() + " is abstract, so there is no object of it to call");
    try {
      Constructor<?> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return (BiFunction<Object, Object, Object>) constructor.newInstance();
    } catch (NoSuchMethodException none) {
      throw new Refused(type.getName() + " has no constructor without parameters" + (type.getEnclosingClass() == null ? "" : " (an inner class must be static)"));
    } catch (InvocationTargetException failed) {
      throw failed.getCause();
    }
  }

  /** The types that a class gives to BiFunction, wherever among its parents they are named. */
  private static Type[] typesOf(Class<?> type) {
    Type[] found = search(type, new HashMap<>());
    return found == null ? new Type[] {Object.class, Object.class, Object.class} : found;
  }

  private static Type[] search(Type type, Map<TypeVariable<?>, Type> known) {
    if (type == null) return null;
    if (type instanceof ParameterizedType generic) {
      Class<?> raw = (Class<?>) generic.getRawType();
      Type[] arguments = generic.getActualTypeArguments().clone();
      for (int index = 0; index < arguments.length; index++) {
        if (arguments[index] instanceof TypeVariable<?> variable) arguments[index] = known.getOrDefault(variable, Object.class);
        known.put(raw.getTypeParameters()[index], arguments[index]);
      }
      return raw == BiFunction.class ? arguments : search(raw, known);
    }
    Class<?> raw = (Class<?>) type;
    for (Type above : raw.getGenericInterfaces()) {
      Type[] found = search(above, known);
      if (found != null) return found;
    }
    return search(raw.getGenericSuperclass(), known);
  }
}
