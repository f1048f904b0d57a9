package dispatch.guest;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** Writes the files of a bundle into the function's folder. */
final class Bundle {
  private Bundle() {}

  static void unpack(byte[] body, int start, File folder) throws IOException {
    int length = Channel.number(body, start);
    int at = start + 4 + length;
    for (Object entry : (List<?>) Json.parse(Channel.text(body, start + 4, length))) {
      Map<?, ?> file = (Map<?, ?>) entry;
      int size = ((Number) file.get("size")).intValue();
      File path = new File(folder, (String) file.get("path"));
      path.getParentFile().mkdirs();
      try (OutputStream out = new FileOutputStream(path)) {
        out.write(body, at, size);
      }
      if ((((Number) file.get("mode")).intValue() & 0100) != 0) path.setExecutable(true);
      at += size;
    }
  }
}
