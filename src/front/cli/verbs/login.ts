import { accessOperations } from "../../../core/iam/access-contract.ts";
import { messageOf } from "../../../core/shared/message-of.ts";
import { CliError } from "../../../frame/errors.ts";
import { on } from "../../../frame/flags.ts";
import { saveContext } from "../context/config-file.ts";
import { type Context, clientFor, command } from "../context/context.ts";
import type { Settings } from "../context/settings.ts";
import { savedSettings } from "./context.ts";

/** The credential is tried against the server before it is saved (mode 0600). */
export const login = command({
  name: "login",
  summary: "Check a token or service account against the server, and save it in the current context",
  flags: {
    debug: on("Accepted, without effect", { hidden: true }),
    "token-stdin": on("Read the token from standard input"),
  },
  examples: [
    "dispatch login --token-stdin < token.txt",
    "dispatch login --service-account ci --jwt-private-key ci.pem",
  ],
  run: async ({ flags, ...context }) => {
    const settings = await withCredential(context, flags["token-stdin"]);
    try {
      await clientFor(settings, context.io).call(accessOperations.getHome);
    } catch (error) {
      throw new CliError(`error logging in: ${messageOf(error)}`);
    }
    const { config, io } = context;
    const before = config.contexts[config.current];
    // The first context is named after its server.
    const name = before ? config.current : settings.host.toLowerCase().replaceAll(/[^\w-]/g, "-");
    await saveContext(config, name, { cookie: "", ...before, ...savedSettings({ io, settings }) });
    io.stdout("You have successfully logged in\n");
  },
});

export const logout = command({
  name: "logout",
  summary: "Remove the saved credentials from the current context",
  examples: ["dispatch logout"],
  run: async ({ config, io }) => {
    const current = config.contexts[config.current];
    if (current) {
      const { token: _token, serviceaccount: _account, jwtprivatekey: _key, ...kept } = current;
      await saveContext(config, config.current, { ...kept, cookie: "" });
    }
    io.stdout("You have successfully logged out\n");
  },
});

async function withCredential({ io, settings }: Context, fromStdin: boolean): Promise<Settings> {
  const token = fromStdin ? (await io.stdin()).trim() : settings.token;
  if (token || (settings.serviceAccount && settings.jwtPrivateKey)) return { ...settings, token };
  throw new CliError(
    "login needs a credential: --token-stdin (or DISPATCH_TOKEN), or --service-account together with --jwt-private-key",
  );
}
