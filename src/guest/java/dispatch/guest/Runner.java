package dispatch.guest;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Map;

/** Runs invocations one at a time in the order of arrival. */
final class Runner {
  private static final byte[] NOTHING = new byte[0];

  private final Channel channel;
  private final Outputs outputs;
  private final Handler handler;
  private final String marker;
  private final Leftovers leftovers;
  private final long maxOutputBytes;
  private final ArrayDeque<Channel.Frame> queue = new ArrayDeque<>();

  Runner(Channel channel, Outputs outputs, Handler handler, String marker, Leftovers leftovers, long maxOutputBytes) {
    this.channel = channel;
    this.outputs = outputs;
    this.handler = handler;
    this.marker = marker;
    this.leftovers = leftovers;
    this.maxOutputBytes = maxOutputBytes;
  }

  void serve() {
    while (true) {
      while (queue.isEmpty() || channel.hasArrived()) hear(channel.receive());
      run(queue.remove());
    }
  }

  private void hear(Channel.Frame frame) {
    if (frame.kind() == Channel.INVOKE) queue.add(frame);
    else if (frame.kind() == Channel.PROBE) channel.send(Channel.IDLE, 0, NOTHING);
    else if (frame.kind() == Channel.CANCEL && withdraw(frame.number())) channel.send(Channel.CANCELLED, frame.number(), NOTHING);
  }

  private boolean withdraw(int number) {
    for (Channel.Frame waiting : queue) if (waiting.number() == number) return queue.remove(waiting);
    return false;
  }

  private void run(Channel.Frame frame) {
    channel.send(Channel.STARTED, frame.number(), NOTHING);
    outputs.begin(frame.number());
    int kind = Channel.RESULT;
    byte[] body;
    try {
      body = result(frame.body());
    } catch (Json.NoJson reason) {
      kind = Channel.ERROR;
      body = Failure.ofResult(reason.getMessage());
    } catch (Throwable error) { // whatever a function throws is the run's error
      kind = Channel.ERROR;
      body = Failure.of(error);
    }
    String line = leftovers == null ? null : leftovers.end();
    if (line != null) outputs.say(line);
    outputs.mark(marker, frame.number());
    channel.send(kind, frame.number(), body);
    endUnlessWhole(frame.number());
  }

  /** Java puts /dev/null in the place of a closed output for good: what children of later runs write would be lost. */
  private void endUnlessWhole(int number) {
    if (outputs.whole()) return;
    outputs.tell(number, "error", "the function closed or replaced its stdout or stderr, so its worker was ended: the next run gets a new one");
    Runtime.getRuntime().halt(0);
  }

  private byte[] result(byte[] envelope) {
    Map<?, ?> parts = (Map<?, ?>) Json.parse(new String(envelope, StandardCharsets.UTF_8));
    Object value = handler.call(parts.get("context"), parts.get("payload"));
    byte[] body = Json.write(value, maxOutputBytes).getBytes(StandardCharsets.UTF_8);
    if (body.length > maxOutputBytes) throw new Json.NoJson("it is longer than the limit of " + maxOutputBytes + " bytes");
    return body;
  }
}
