/** Where the files of a user are, for the server and for whoever looks for one. */
import { userInfo } from "node:os";
import { join } from "node:path";

type Environment = Readonly<Record<string, string | undefined>>;

/** HOME, else what the system's list of users says; undefined when neither names a folder. */
export function homeFolder({ HOME }: Environment): string | undefined {
  try {
    return HOME || userInfo().homedir;
  } catch {
    return undefined;
  }
}

/** Where a server of this user keeps its data unless it is told otherwise; undefined without a home. */
export function usualDataFolder(environment: Environment): string | undefined {
  if (environment.XDG_DATA_HOME) return join(environment.XDG_DATA_HOME, "dispatch");
  const home = homeFolder(environment);
  return home === undefined ? undefined : join(home, ".local/share/dispatch");
}
