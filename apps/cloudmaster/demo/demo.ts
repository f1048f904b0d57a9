/**
 * The demo of Cloudmaster: a Dispatch server of its own, stand-ins for Slack and the four clouds, the commands of the README and a
 * conversation. Everything is in a fresh temporary folder and on free ports of the loopback.
 *
 *     npm run demo              tell the story, clean up, exit 0 (1 when a step failed)
 *     npm run demo -- --keep    leave everything running until Ctrl-C
 */
import { existsSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import colors from "picocolors";
import { freePorts } from "../simulator/listener.ts";
import { startSlack } from "../simulator/slack/workspace.ts";
import { openChannel } from "./channel.ts";
import { startClouds } from "./clouds.ts";
import { StepFailure } from "./failure.ts";
import { createScreen } from "./screen.ts";
import { demoSecrets, SIGNING_SECRET } from "./secrets.ts";
import type { RunningServer, ServerPorts } from "./server.ts";
import { startServer } from "./server.ts";
import { createShell } from "./shell.ts";
import { tellStory } from "./story.ts";
import { createWorkplace, writeSecrets } from "./workplace.ts";

const write = (line: string) => process.stdout.write(`${line}\n`);
const programs = {
  dispatch: fileURLToPath(new URL("../../../bin/dispatch", import.meta.url)),
  server: fileURLToPath(new URL("../../../bin/dispatch-server", import.meta.url)),
};

/** What has to be undone, in the order in which it was done. */
const cleanUps: (() => Promise<unknown>)[] = [];
const interruption = new AbortController();
let server: RunningServer | undefined;
let told = false;

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => interruption.abort(new Error(signal)));
const interrupted = new Promise<never>((_resolve, reject) => {
  interruption.signal.addEventListener("abort", () => reject(interruption.signal.reason));
});

process.exitCode = await Promise.race([main(), interrupted]).catch(explain);
for (const cleanUp of cleanUps.reverse()) await cleanUp().catch((error: unknown) => write(String(error)));
process.exit();

async function main(): Promise<number> {
  const { keep } = parseArgs({ options: { keep: { type: "boolean", default: false } } }).values;
  const missing = Object.values(programs).find((program) => !existsSync(program));
  if (missing !== undefined) throw new StepFailure(`${missing} is not there: run npm run setup first`);
  const began = performance.now();
  const screen = createScreen(write);
  screen.heading("A Dispatch server, and stand-ins for Slack, AWS, Azure, Google Cloud and vSphere");
  const workplace = await createWorkplace();
  cleanUps.push(workplace.remove);
  const ports = await choosePorts();
  const clouds = await startClouds();
  cleanUps.push(clouds.close);
  const environment = demoEnvironment(workplace.homeDir);
  const [slackPort = 0] = await freePorts(1);
  const { ec2, azure, gcp, vsphere } = clouds;
  const hostServices = [slackPort, ec2.port, azure.port, gcp.port, vsphere.port];
  const { folder, dataDir, workDir } = workplace;
  const { signal } = interruption;
  server = await startServer({ program: programs.server, folder, dataDir, environment, ports, hostServices, signal });
  cleanUps.push(server.stop);
  const commandUrl = `https://127.0.0.1:${ports.gatewayTls}/dispatch-server/cloudmaster`;
  const ca = await server.certificate();
  const slack = await startSlack({ port: slackPort, signingSecret: SIGNING_SECRET, commandUrl, ca });
  cleanUps.push(slack.close);
  await writeSecrets(workDir, demoSecrets(clouds, slack));
  screen.note(`server on 127.0.0.1:${ports.api}, gateway on ${commandUrl}`);
  screen.note(`Slack stand-in on ${slack.url}, clouds on ports ${hostServices.slice(1).join(", ")}`);
  const cli = { ...environment, DISPATCH_HOST: "127.0.0.1", DISPATCH_PORT: String(ports.api), DISPATCH_SCHEME: "http" };
  const shell = createShell({
    program: programs.dispatch,
    workDir,
    environment: cli,
    screen,
    signal: interruption.signal,
  });
  const channel = openChannel(slack, screen);
  await tellStory({ screen, shell, slack, channel, clouds });
  write(`\n  ${colors.green("All well")} after ${((performance.now() - began) / 1000).toFixed(1)} s.`);
  told = true;
  if (keep) await stay({ workDir, homeDir: workplace.homeDir, ports, commandUrl, logPath: server.logPath });
  return 0;
}

async function choosePorts(): Promise<ServerPorts> {
  const [api = 0, apiTls = 0, gateway = 0, gatewayTls = 0] = await freePorts(4);
  return { api, apiTls, gateway, gatewayTls };
}

/** The user's own environment without the user's own Dispatch. */
function demoEnvironment(homeDir: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(DISPATCH_|XDG_)/.test(name));
  const PATH = [dirname(programs.dispatch), process.env.PATH].join(delimiter);
  return { ...Object.fromEntries(kept), HOME: homeDir, PATH };
}

async function stay(kept: {
  workDir: string;
  homeDir: string;
  ports: ServerPorts;
  commandUrl: string;
  logPath: string;
}): Promise<void> {
  write(`
  Everything goes on running until Ctrl-C. In another terminal:

    export HOME=${kept.homeDir} PATH=${dirname(programs.dispatch)}:$PATH DISPATCH_PORT=${kept.ports.api}
    cd ${kept.workDir}
    dispatch get functions
    dispatch get runs cloudmaster
    dispatch exec echo --input '{"text": "hello"}' --wait
    dispatch exec status --input '{"message": "all is well"}' --wait

  Log of the server: ${kept.logPath}
  Address of the slash command: ${kept.commandUrl}`);
  await interrupted.catch(() => undefined);
}

/** Says what went wrong, with what the failing program printed and the end of the server's log; returns the exit code. */
async function explain(error: unknown): Promise<number> {
  if (interruption.signal.aborted) return told ? 0 : 130;
  const { message, output } = error instanceof StepFailure ? error : { message: String(error), output: "" };
  write(`\n  ${colors.red("Failed")}: ${message}`);
  if (output !== "") write(output.trimEnd());
  const log = await server?.logTail();
  if (log !== undefined) write(`\n  ${colors.dim("The end of the server's log:")}\n${log}`);
  return 1;
}
