package dispatch.guest;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Frames on file descriptor 3 (PROTOCOL.md). Any thread may send; one receives. */
final class Channel {
  static final int LOAD = 1, INVOKE = 2, CANCEL = 3, PROBE = 4;
  static final int READY = 16, STARTED = 17, RESULT = 18, ERROR = 19, CANCELLED = 20, LATE = 21, IDLE = 22;
  private static final int HEADER = 9;

  record Frame(int kind, int number, byte[] body) {}

  private final InputStream in;
  private final OutputStream out;

  Channel(InputStream in, OutputStream out) {
    this.in = in;
    this.out = out;
  }

  static Channel ofDescriptor() throws ReflectiveOperationException {
    FileDescriptor descriptor = descriptor(3);
    return new Channel(new FileInputStream(descriptor), new FileOutputStream(descriptor));
  }

  static FileDescriptor descriptor(int which) throws ReflectiveOperationException {
    FileDescriptor descriptor = new FileDescriptor();
    Field number = FileDescriptor.class.getDeclaredField("fd"); // opened by --add-opens
    number.setAccessible(true);
    number.setInt(descriptor, which);
    return descriptor;
  }

  synchronized void send(int kind, int number, byte[] body) {
    try {
      out.write(frame(kind, number, body));
    } catch (IOException gone) {
      Runtime.getRuntime().halt(0);
    }
  }

  static byte[] frame(int kind, int number, byte[] body) {
    return ByteBuffer.allocate(HEADER + body.length).putInt(body.length).putInt(number).put((byte) kind).put(body).array();
  }

  /** Waits for a frame; ends the process when the server has gone. */
  Frame receive() {
    byte[] head = receive(HEADER);
    return new Frame(head[8], number(head, 4), receive(number(head, 0)));
  }

  boolean hasArrived() {
    try {
      return in.available() > 0;
    } catch (IOException gone) {
      return false;
    }
  }

  private byte[] receive(int length) {
    byte[] bytes = new byte[length];
    try {
      for (int at = 0; at < length; ) { // readNBytes would ask for a position, which a socket does not have
        int count = in.read(bytes, at, length - at);
        if (count < 0) Runtime.getRuntime().halt(0);
        at += count;
      }
    } catch (IOException gone) {
      Runtime.getRuntime().halt(0);
    }
    return bytes;
  }

  static int number(byte[] bytes, int at) {
    return ByteBuffer.wrap(bytes, at, 4).getInt();
  }

  static String text(byte[] bytes, int at, int length) {
    return new String(bytes, at, length, StandardCharsets.UTF_8);
  }
}
