/** Java dependencies: `pom.xml`, resolved by the Maven of this machine; their archives are copied into the image. */
import { existsSync, realpathSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { BuildError } from "../../core/shared/ports.ts";
import { findOnPath, interpreterPath } from "../runtime/process/interpreters.ts";
import type { Installer, InstallPlan, PlanContext } from "./installer.ts";

const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

/** Where Maven looks for its own parts; its usual file lies in /etc, which no sandbox sees. */
const M2_CONF = `main is org.apache.maven.cli.MavenCli from plexus.core
[plexus.core]
load \${maven.home}/lib/*.jar
`;

const MIRROR = "MAVEN_MIRROR_URL";

export const maven: Installer = {
  name: "mvn",
  manifestFileName: "pom.xml",
  outputName: "lib",
  isNeeded: (manifest) => {
    if (manifest.trim() === "") return false;
    if (!/<project[\s>]/.test(manifest))
      throw new BuildError("The manifest of a Java image is a pom.xml, and this has no <project>.");
    if (!/<\/project\s*>\s*(<!--[\s\S]*)?$/.test(manifest))
      throw new BuildError(
        "The manifest of a Java image is a pom.xml, and this does not end with </project>: is it whole?",
      );
    return /<(dependency|modules|parent)>/.test(manifest);
  },
  refuseFiles: (manifest) => {
    const [found] = /<systemPath>[^<]*<\/systemPath>|<modules>/.exec(manifest) ?? [];
    if (found === undefined) return;
    throw new BuildError(
      `pom.xml: ${found} names files, but only the manifest is sent to the server, not the files beside it: name an archive of a repository, or put it into the function's source`,
    );
  },
  extraFiles: (settings) => ({ "m2.conf": M2_CONF, "settings.xml": settingsXml(settings[MIRROR]) }),
  readSettings: async (_interpreter, environment) => {
    await mavenHome();
    const mirror = environment[MIRROR];
    return mirror === undefined || mirror === "" ? {} : { [MIRROR]: mirror };
  },
  plan: planMaven,
  readLock: async ({ contentDir }) =>
    (await readdir(join(contentDir, "lib")).catch(() => []))
      .sort()
      .map((name) => `${name}\n`)
      .join(""),
  complaints: (lines) =>
    lines.filter((line) =>
      /^(\[(ERROR|FATAL)\]|\[main\] ERROR \S+ -) (?!\[Help|To see the full|Re-run Maven|For more information|$)/.test(
        line,
      ),
    ),
};

async function mavenHome(): Promise<string> {
  const program = await findOnPath("mvn");
  const home = program === undefined ? undefined : join(realpathSync(program), "../..");
  if (home !== undefined && existsSync(join(home, "boot"))) return home;
  throw new BuildError(
    "Maven was not found on this machine; dependencies of Java images need it: apt-get install maven",
  );
}

async function planMaven(context: PlanContext): Promise<InstallPlan> {
  const { interpreter, mode, manifest, settings, workDir, pathOf } = context;
  if (settings.network === "host" && /<extensions?>/.test(manifest))
    throw new BuildError("pom.xml: build extensions run code, which needs the isolated network: leave them out");
  const home = await mavenHome();
  const bind = { source: home, target: home.startsWith("/usr/") ? home : "/opt/dispatch/maven" };
  const at = pathOf(bind);
  const proxies = Object.entries(settings.environment).flatMap(([name, value]) => proxyFlags(name, value));
  return {
    args: [
      ...["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx768m", `-Duser.home=${workDir}`, ...proxies],
      ...["-classpath", `${at}/boot/*`, `-Dclassworlds.conf=${workDir}/m2.conf`, `-Dmaven.home=${at}`],
      ...[`-Dmaven.multiModuleProjectDirectory=${workDir}`, "org.codehaus.plexus.classworlds.launcher.Launcher"],
      ...["-B", "-ntp", "-gs", `${workDir}/settings.xml`, "-s", `${workDir}/settings.xml`],
      ...[`-Dmaven.repo.local=${workDir}/repository`, "-DincludeScope=runtime", `-DoutputDirectory=${workDir}/lib`],
      DEPENDENCY_PLUGIN,
    ],
    links: [interpreter.link],
    environment: { PATH: interpreterPath(interpreter, mode), TMPDIR: `${workDir}/tmp` },
    binds: home.startsWith("/usr/") ? interpreter.binds : [...interpreter.binds, bind],
  };
}

/** Java does not read the variables that everybody else does. */
function proxyFlags(name: string, value: string): string[] {
  if (/^no_proxy$/i.test(name)) return [`-Dhttp.nonProxyHosts=${nonProxyHosts(value)}`];
  const [, scheme] = /^(https?)_proxy$/i.exec(name) ?? [];
  const address = value.includes("://") ? value : `http://${value}`;
  if (scheme === undefined || !URL.canParse(address)) return [];
  const { hostname, port } = new URL(address);
  return [`-D${scheme.toLowerCase()}.proxyHost=${hostname}`, `-D${scheme.toLowerCase()}.proxyPort=${port || "80"}`];
}

/** `a.test,.b.test` -> `a.test|*.a.test|*.b.test` */
function nonProxyHosts(value: string): string {
  const names = value.split(/[\s,]+/).filter(Boolean);
  return names
    .flatMap((name) =>
      name === "*" ? name : /^[.*]/.test(name) ? [name.replace(/^\*?\.?/, "*.")] : [name, `*.${name}`],
    )
    .join("|");
}

function settingsXml(mirror: string | undefined): string {
  const escaped = mirror?.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const mirrors =
    escaped === undefined
      ? ""
      : `<mirrors><mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>${escaped}</url></mirror></mirrors>`;
  return `<settings>${mirrors}</settings>\n`;
}
