package dispatch.guest;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Between JSON's own values and the types that a handler names: plain classes by their fields, records by their components. */
final class Mapping {
  private Mapping() {}

  /** The JSON does not have the shape of the type: the caller's mistake. */
  static final class Mismatch extends RuntimeException {
    Mismatch(String place, String expected, Object value) {
      super(place + ": expected " + expected + ", got " + kindOf(value), null, false, false);
    }
  }

  private static final Set<String> TEXT_PACKAGES = Set.of("java.time", "java.time.chrono", "java.nio.file", "sun.nio.fs");
  private static final Set<Class<?>> TEXTS = Set.of(java.util.UUID.class, java.net.URI.class, java.net.URL.class, java.util.Locale.class, java.util.Currency.class, java.io.File.class);
  /** A text may ask for a number of any length: `1e999999999` fits into no memory. */
  private static final int MOST_DIGITS = 10_000;

  /** Types whose JSON is their text. */
  static boolean isText(Class<?> type) {
    return TEXTS.contains(type) || TEXT_PACKAGES.contains(type.getPackageName());
  }

  /** A value of the type. @throws Mismatch with the place and what was expected. */
  static Object to(Object value, Type type, String place) {
    if (type instanceof Class<?> plain) return toClass(value, plain, plain, place);
    if (type instanceof ParameterizedType generic) return toClass(value, (Class<?>) generic.getRawType(), generic, place);
    if (type instanceof GenericArrayType array) return toArray(value, rawOf(array.getGenericComponentType()), array.getGenericComponentType(), place);
    if (type instanceof WildcardType wildcard) return to(value, wildcard.getUpperBounds()[0], place);
    if (type instanceof TypeVariable<?> variable) return to(value, variable.getBounds()[0], place);
    return value;
  }

  private static Object toClass(Object value, Class<?> raw, Type type, String place) {
    if (raw.isPrimitive()) return toPrimitive(value, raw, place);
    if (raw == Optional.class) return Optional.ofNullable(value == null ? null : to(value, argument(type, 0), place));
    if (value == null || raw == Object.class) return value;
    if (raw == String.class || raw == CharSequence.class) return toText(value, place);
    if (raw == Boolean.class) return expect(Boolean.class, value, "true or false", place);
    if (raw == Character.class) return toLetter(value, place);
    if (Number.class.isAssignableFrom(raw)) return toNumber(value, raw, place);
    if (raw.isEnum()) return toEnum(value, raw, place);
    if (raw.isArray()) return toArray(value, raw.getComponentType(), raw.getComponentType(), place);
    if (Map.class.isAssignableFrom(raw)) return toMap(value, raw, argument(type, 0), argument(type, 1), place);
    if (Iterable.class.isAssignableFrom(raw) && !isText(raw)) return toCollection(value, raw, argument(type, 0), place);
    if (raw == Date.class) return Date.from((java.time.Instant) parsed(value, java.time.Instant.class, place));
    if (raw == java.io.File.class) return new java.io.File(toText(value, place));
    if (isText(raw)) return parsed(value, raw, place);
    if (raw.isInstance(value)) return value;
    Map<?, ?> map = expect(Map.class, value, "an object", place);
    return raw.isRecord() ? toRecord(map, raw, place) : toObject(map, raw, type, place);
  }

  private static Object toPrimitive(Object value, Class<?> raw, String place) {
    if (value == null) throw new Mismatch(place, raw.getName(), null);
    if (raw == boolean.class) return expect(Boolean.class, value, "true or false", place);
    if (raw == char.class) return toLetter(value, place);
    return toNumber(value, Array.get(Array.newInstance(raw, 1), 0).getClass(), place);
  }

  private static String toText(Object value, String place) {
    if (value instanceof Map || value instanceof List) throw new Mismatch(place, "a text", value);
    return value.toString();
  }

  private static char toLetter(Object value, String place) {
    String text = toText(value, place);
    if (text.length() != 1) throw new Mismatch(place, "a text of one letter", value);
    return text.charAt(0);
  }

  private static Object toNumber(Object value, Class<?> raw, String place) {
    if (!(value instanceof Number) && !(value instanceof String)) throw new Mismatch(place, "a number", value);
    BigDecimal number;
    try {
      number = new BigDecimal(value.toString());
    } catch (NumberFormatException wrong) {
      throw new Mismatch(place, "a number", value);
    }
    if (Math.abs((long) number.scale()) + number.precision() > MOST_DIGITS) throw new Mismatch(place, "a number of at most " + MOST_DIGITS + " digits", value);
    try {
      if (raw == Double.class || raw == Number.class) return raw == Number.class ? value : (Object) number.doubleValue();
      if (raw == Float.class) return number.floatValue();
      if (raw == BigDecimal.class) return number;
      if (raw == BigInteger.class) return number.toBigIntegerExact();
      if (raw == Long.class) return number.longValueExact();
      if (raw == Integer.class) return number.intValueExact();
      if (raw == Short.class) return number.shortValueExact();
      if (raw == Byte.class) return number.byteValueExact();
    } catch (ArithmeticException wrong) {
      throw new Mismatch(place, "a number of the type " + raw.getSimpleName(), value);
    }
    throw new Mismatch(place, "a type that JSON can fill instead of " + raw.getName(), value);
  }

  private static Object toEnum(Object value, Class<?> raw, String place) {
    for (Object constant : raw.getEnumConstants()) if (((Enum<?>) constant).name().equals(value)) return constant;
    throw new Mismatch(place, "one of " + List.of(raw.getEnumConstants()), value);
  }

  private static Object toArray(Object value, Class<?> raw, Type item, String place) {
    List<?> list = expect(List.class, value, "a list", place);
    Object array = Array.newInstance(raw, list.size());
    for (int index = 0; index < list.size(); index++) Array.set(array, index, to(list.get(index), item, place + "[" + index + "]"));
    return array;
  }

  @SuppressWarnings("unchecked")
  private static Object toMap(Object value, Class<?> raw, Type key, Type item, String place) {
    Map<String, Object> source = (Map<String, Object>) expect(Map.class, value, "an object", place);
    Map<Object, Object> map = raw.isInterface() ? (SortedMap.class.isAssignableFrom(raw) ? new TreeMap<>() : new LinkedHashMap<>()) : (Map<Object, Object>) make(raw, place);
    for (Map.Entry<String, Object> entry : source.entrySet()) {
      String name = place + "." + entry.getKey();
      map.put(to(entry.getKey(), key, name), to(entry.getValue(), item, name));
    }
    return map;
  }

  @SuppressWarnings("unchecked")
  private static Object toCollection(Object value, Class<?> raw, Type item, String place) {
    List<?> list = expect(List.class, value, "a list", place);
    Collection<Object> items;
    if (!raw.isInterface()) items = (Collection<Object>) make(raw, place);
    else if (SortedSet.class.isAssignableFrom(raw)) items = new TreeSet<>();
    else if (Set.class.isAssignableFrom(raw)) items = new LinkedHashSet<>();
    else items = raw.isAssignableFrom(ArrayList.class) ? new ArrayList<>() : new ArrayDeque<>();
    for (int index = 0; index < list.size(); index++) items.add(to(list.get(index), item, place + "[" + index + "]"));
    return items;
  }

  /** Times, addresses and the like, by their own way to read a text. */
  private static Object parsed(Object value, Class<?> raw, String place) {
    String text = toText(value, place);
    for (String name : List.of("parse", "fromString", "create", "of", "forLanguageTag", "getInstance")) {
      for (Class<?> parameter : List.of(CharSequence.class, String.class)) {
        try {
          Method method = raw.getMethod(name, parameter);
          if (raw.isAssignableFrom(method.getReturnType())) return method.invoke(null, text);
        } catch (NoSuchMethodException next) {
          // try the next way
        } catch (InvocationTargetException | IllegalAccessException wrong) {
          throw new Mismatch(place, "a text for " + raw.getSimpleName(), value);
        }
      }
    }
    throw new Mismatch(place, "a type that JSON can fill instead of " + raw.getName(), value);
  }

  private static Object toRecord(Map<?, ?> map, Class<?> raw, String place) {
    RecordComponent[] components = raw.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    Object[] values = new Object[components.length];
    for (int index = 0; index < components.length; index++) {
      String name = components[index].getName();
      types[index] = components[index].getType();
      boolean isAbsent = !map.containsKey(name) && types[index].isPrimitive();
      values[index] = isAbsent ? Array.get(Array.newInstance(types[index], 1), 0) : to(map.get(name), components[index].getGenericType(), place + "." + name);
    }
    try {
      Constructor<?> constructor = raw.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException wrong) {
      throw Failure.sneaky(wrong.getCause());
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Object toObject(Map<?, ?> map, Class<?> raw, Type type, String place) {
    Object made = make(raw, place);
    for (Field field : fields(raw)) {
      if (!map.containsKey(field.getName())) continue;
      Object value = to(map.get(field.getName()), resolved(field.getGenericType(), type, raw), place + "." + field.getName());
      try {
        field.set(made, value);
      } catch (IllegalAccessException isFinal) {
        throw new IllegalStateException(raw.getName() + "." + field.getName() + " cannot be set", isFinal);
      }
    }
    return made;
  }

  /** `T` of a field in `Box<T>` that is used as `Box<Integer>`. */
  private static Type resolved(Type field, Type owner, Class<?> raw) {
    if (!(field instanceof TypeVariable<?> variable) || !(owner instanceof ParameterizedType generic)) return field;
    TypeVariable<?>[] names = raw.getTypeParameters();
    for (int index = 0; index < names.length; index++) if (names[index].equals(variable)) return generic.getActualTypeArguments()[index];
    return field;
  }

  private static Object make(Class<?> raw, String place) {
    try {
      Constructor<?> constructor = raw.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (InvocationTargetException wrong) {
      throw Failure.sneaky(wrong.getCause());
    } catch (ReflectiveOperationException none) {
      throw new IllegalStateException(place + ": " + raw.getName() + " cannot be made from JSON, because it has no constructor without parameters (an inner class must be static)");
    }
  }

  /** The fields of a class and of those above it that belong to its JSON. */
  private static List<Field> fields(Class<?> raw) {
    List<Field> fields = new ArrayList<>();
    for (Class<?> type = raw; type != null && type != Object.class; type = type.getSuperclass()) {
      for (Field field : type.getDeclaredFields()) {
        if (Modifier.isStatic(field.getModifiers()) || Modifier.isTransient(field.getModifiers()) || field.isSynthetic()) continue;
        if (!field.trySetAccessible()) throw new Json.NoJson("it holds a " + type.getName());
        fields.add(field);
      }
    }
    return fields;
  }

  /** An object as names and values. @throws Json.NoJson for what would be `{}` although it held something. */
  static Map<String, Object> fieldsOf(Object value) {
    Class<?> type = value.getClass();
    if (value instanceof Throwable) throw new Json.NoJson("it is an error: " + value);
    if (value instanceof java.util.concurrent.Future) throw new Json.NoJson("it is a " + type.getName() + "; return what it gives, for example future.get()");
    if (value instanceof java.util.stream.BaseStream) throw new Json.NoJson("it is a stream; return stream.toList()");
    if (value instanceof Thread || value instanceof Class || type.isHidden() || type.getName().startsWith("java.")) throw new Json.NoJson("it holds a " + type.getName());
    Map<String, Object> map = new LinkedHashMap<>();
    for (Field field : fields(type)) {
      try {
        map.put(field.getName(), field.get(value));
      } catch (IllegalAccessException impossible) {
        throw new Json.NoJson("it holds a " + type.getName());
      }
    }
    if (map.isEmpty()) throw new Json.NoJson("it holds a " + type.getName() + ", which has no fields");
    return map;
  }

  private static <T> T expect(Class<T> type, Object value, String expected, String place) {
    if (type.isInstance(value)) return type.cast(value);
    throw new Mismatch(place, expected, value);
  }

  private static Type argument(Type type, int index) {
    return type instanceof ParameterizedType generic && generic.getActualTypeArguments().length > index ? generic.getActualTypeArguments()[index] : Object.class;
  }

  private static Class<?> rawOf(Type type) {
    if (type instanceof Class<?> plain) return plain;
    return type instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : Object.class;
  }

  private static String kindOf(Object value) {
    if (value == null) return "nothing";
    if (value instanceof Map) return "an object";
    if (value instanceof List) return "a list";
    String text = value.toString();
    return (value instanceof String ? "the text \"" : "") + (text.length() > 40 ? text.substring(0, 40) + "..." : text) + (value instanceof String ? "\"" : "");
  }
}
