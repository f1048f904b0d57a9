const { options } = require("./.dependency-cruiser.cjs");

/** Concepts of the core stand on each other, never in a ring, and so do adapters. Tests may know everybody, so they do not count here. */
module.exports = {
  forbidden: [
    {
      name: "no-circles-of-folders",
      severity: "error",
      scope: "folder",
      from: { path: "^src/(core|adapters)" },
      to: { circular: true },
    },
  ],
  options: { ...options, exclude: { path: "\\.test\\.ts$" }, includeOnly: "^src/(core|adapters)" },
};
