/**
 * A URL whose path has no `.` and `..` behind its first two segments: there older servers cleaned them before they looked
 * for the operation (server.md 0, rule 12). One that leads above them stays as it is, and means nothing.
 */
export function cleanPath(url: string): string {
  if (!url.startsWith("/")) return url;
  const [path = ""] = url.split("?", 1);
  const [first = "", second = "", ...rest] = path.replace(/\/+/g, "/").slice(1).split("/");
  const kept: string[] = [];
  for (const segment of rest) {
    if (segment === ".") continue;
    if (segment !== "..") kept.push(segment);
    else if (kept.pop() === undefined) return url;
  }
  return `/${[first, second, ...kept].join("/")}${url.slice(path.length)}`;
}
