package dispatch.guest;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Writes the files of a bundle into the function's folder. */
final class Bundle {
  private Bundle() {}

  static void unpack(byte[] body, int start, Path folder) throws IOException {
    int length = Channel.number(body, start);
    int at = start + 4 + length;
    for (Object entry : (List<?>) Json.parse(Channel.text(body, start + 4, length))) {
      Map<?, ?> file = (Map<?, ?>) entry;
      int size = ((Number) file.get("size")).intValue();
      Path path = folder.resolve((String) file.get("path"));
      Files.createDirectories(path.getParent());
      try (OutputStream out = Files.newOutputStream(path)) {
        out.write(body, at, size);
      }
      if ((((Number) file.get("mode")).intValue() & 0100) != 0) path.toFile().setExecutable(true);
      at += size;
    }
  }
}
