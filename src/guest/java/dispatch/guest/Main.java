package dispatch.guest;

import java.io.File;
import java.util.List;
import java.util.Map;

/** The Java guest: warms up, becomes the worker of one function, and runs it. See ../../../PROTOCOL.md. Java 17 or later, its own library only. */
public final class Main {
  private Main() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 0) Training.run(args);
    else live(Channel.ofDescriptor());
  }

  static void live(Channel channel) throws Exception {
    Outputs outputs = new Outputs(channel);
    warm();
    channel.send(Channel.READY, 0, new byte[0]);
    Rehearsal.unlessWanted(channel);
    Runner runner = null;
    while (runner == null) {
      Channel.Frame frame = channel.receive();
      if (frame.kind() == Channel.LOAD) runner = load(channel, outputs, frame.body());
    }
    runner.serve();
  }

  private static Runner load(Channel channel, Outputs outputs, byte[] body) {
    int length = Channel.number(body, 0);
    Map<?, ?> header = (Map<?, ?>) Json.parse(Channel.text(body, 4, length));
    String marker = (String) header.get("marker");
    File folder = new File((String) header.get("folder"));
    Leftovers leftovers = Boolean.TRUE.equals(header.get("alone")) ? new Leftovers() : null;
    try {
      Bundle.unpack(body, 4 + length, folder);
      Environment.set((Map<?, ?>) header.get("environment"));
      Handler handler = Handler.load((String) header.get("handler"), folder, (String) header.get("modules"));
      if (leftovers != null) leftovers.keep();
      outputs.keep();
      channel.send(Channel.READY, 0, new byte[0]);
      return new Runner(channel, outputs, handler, marker, leftovers, ((Number) header.get("maxOutputBytes")).longValue());
    } catch (Throwable error) { // a class may do anything while it is initialised
      channel.send(Channel.ERROR, 0, Failure.ofLoading(error));
      return null;
    } finally {
      outputs.mark(marker, 0);
    }
  }

  /** The first use of a class is slow, and no run is to pay for it. */
  private static void warm() {
    Json.write(Json.parse("{\"warm\":[1,1.5,true,null,\"a\"]}"), 1000);
    Failure.of(new IllegalStateException("warm"));
    Mapping.to(List.of("a"), List.class, "payload");
  }
}
