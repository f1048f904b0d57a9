import java.util.Map;
import java.util.function.BiFunction;

/** Greets whoever is named. */
public class Hello implements BiFunction<Map<String, Object>, Hello.Person, Hello.Greeting> {
  record Person(String name) {}

  record Greeting(String text) {}

  public Greeting apply(Map<String, Object> context, Person person) {
    return new Greeting("Hello, " + person.name());
  }
}
