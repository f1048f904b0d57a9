import { userInfo } from "node:os";
import type { Io } from "./io.ts";

/** HOME, else what the system's list of users says, else the root: then there is no configuration. */
export function homeFolder(io: Io): string {
  try {
    return io.env.HOME || userInfo().homedir;
  } catch {
    return "/";
  }
}
