package dispatch.guest;

import java.net.URL;
import java.net.URLClassLoader;
import java.security.CodeSource;
import java.security.PermissionCollection;
import java.security.Permissions;

/** Loads classes without permissions of a security policy: nobody asks for those, and their first use reads the machine's policy files. */
final class Loader extends URLClassLoader {
  Loader(URL[] urls, ClassLoader parent) {
    super("function", urls, parent);
  }

  @Override
  protected PermissionCollection getPermissions(CodeSource source) {
    return new Permissions();
  }
}
