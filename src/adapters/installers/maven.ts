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
  extraFiles: (settings) => ({ "m2.conf": M2_CONF, "settings.xml": settingsXml(settings) }),
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
  return {
    args: [
      ...["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx768m", `-Duser.home=${workDir}`],
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

/** Neither Java nor Maven reads the variables that everybody else does. */
export function settingsXml(environment: Readonly<Record<string, string>>): string {
  const mirror = environment[MIRROR];
  const mirrors =
    mirror === undefined
      ? ""
      : `<mirrors><mirror><id>mirror</id><mirrorOf>*</mirrorOf><url>${escaped(mirror)}</url></mirror></mirrors>`;
  const proxies = ["http", "https"].map((protocol) => proxyXml(protocol, environment)).join("");
  return `<settings>${mirrors}<proxies>${proxies}</proxies></settings>\n`;
}

function proxyXml(protocol: string, environment: Readonly<Record<string, string>>): string {
  const proxy = either(environment, `${protocol}_proxy`);
  if (!URL.canParse(proxy)) return "";
  const { hostname, port } = new URL(proxy);
  const fields = {
    id: protocol,
    protocol,
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port || "80",
    nonProxyHosts: nonProxyHosts(either(environment, "no_proxy")),
  };
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${escaped(value)}</${name}>`);
  return `<proxy>${elements.join("")}</proxy>`;
}

/** In small letters it counts more, as for everybody else. */
function either(environment: Readonly<Record<string, string>>, name: string): string {
  return environment[name] ?? environment[name.toUpperCase()] ?? "";
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

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
