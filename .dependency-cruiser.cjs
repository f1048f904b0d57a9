/** The layers: front -> core -> port types; adapters implement port types; compose.ts and compose/ alone know everybody. */
const tests = "\\.test\\.ts$";

module.exports = {
  forbidden: [
    {
      name: "core-knows-no-front-or-adapter",
      comment: "The core asks the world through the port types in src/core/shared/ports.ts.",
      severity: "error",
      from: { path: "^src/core", pathNot: tests },
      to: { path: "^src/(front|adapters|guest|settings)" },
    },
    {
      name: "adapters-know-port-types-only",
      comment: "An adapter implements a port; what it shares with the core lies in src/core/shared.",
      severity: "error",
      from: { path: "^src/adapters", pathNot: tests },
      to: { path: "^src/(front|settings|core/(?!shared))" },
    },
    {
      name: "front-knows-no-adapter",
      severity: "error",
      from: { path: "^src/front", pathNot: tests },
      to: { path: "^src/adapters" },
    },
    {
      name: "frame-knows-no-command",
      comment: "Both programs are called through the frame; what a call means is theirs.",
      severity: "error",
      from: { path: "^src/frame", pathNot: tests },
      to: { path: "^src/(?!frame|core/shared)" },
    },
    {
      name: "settings-know-no-front",
      severity: "error",
      from: { path: "^src/settings", pathNot: tests },
      to: { path: "^src/(front|adapters|core/(?!shared))" },
    },
    {
      name: "client-and-cli-know-contracts-only",
      comment: "The command line must start fast and run without the server's libraries.",
      severity: "error",
      from: { path: "^src/front/(cli|client)", pathNot: tests },
      to: { path: "^src/(core/.*/(service|store)|front/(http|gateway)|settings)" },
    },
    {
      name: "guests-stand-alone",
      comment: "A guest runs inside the sandbox, where nothing of the host is.",
      severity: "error",
      from: { path: "^src/guest", pathNot: tests },
      to: { path: "^src/(?!guest)" },
    },
    {
      name: "event-drivers-stand-alone",
      comment: "A built-in event driver runs inside the sandbox, like one of the user's own.",
      severity: "error",
      from: { path: "^src/event-drivers", pathNot: tests },
      to: { path: "^src/(?!event-drivers)" },
    },
    {
      name: "applications-stand-alone",
      comment: "Cloudmaster is an application like any user's: it uses the documented surface.",
      severity: "error",
      from: { path: "^apps", pathNot: tests },
      to: { path: "^src" },
    },
    {
      name: "packages-stand-alone",
      comment: "What applications and event drivers share knows neither of them.",
      severity: "error",
      from: { path: "^packages", pathNot: tests },
      to: { path: "^(src|apps)" },
    },
    {
      name: "no-circles",
      comment: "Also none of types alone: two files that need each other are one, or have a third below them.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-tests-in-programs",
      severity: "error",
      from: { pathNot: "(\\.test\\.ts$|^test/|^bench/|/test/)" },
      to: { path: tests },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/" },
    parser: "swc",
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { extensions: [".ts", ".js", ".mjs"] },
  },
};
