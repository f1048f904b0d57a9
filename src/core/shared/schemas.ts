/** Schema pieces that several contracts share (server.md 2.4 and 3). */

export const resourceName = {
  type: "string",
  pattern: "^[\\w\\d][\\w\\d\\-]*$",
  patternMessage:
    "name should start with letter or number and may only contain letters, numbers, underscores and dashes",
} as const;

export const pathName = { type: "string", pattern: "^[\\w\\d\\-]+$" } as const;

export const uuid = { type: "string", format: "uuid" } as const;

export const strings = { type: "array", items: { type: "string" } } as const;

export const tags = {
  type: "array",
  items: { type: "object", properties: { key: { type: "string" }, value: { type: "string" } } },
} as const;

/** What every named resource has besides its own: what it is for, and who looks after it: without a word, who made it. */
export const described = {
  description: { type: "string", maxLength: 1024 },
  owner: { type: "string", maxLength: 256 },
} as const;

export const status = {
  type: "string",
  enum: ["INITIALIZED", "CREATING", "READY", "UPDATING", "ERROR", "DELETING"],
} as const;

/** A schema whose values pass through untouched, in whatever spelling their keys have. */
export const anyJson = {} as const;
export const anyObject = { type: "object", additionalProperties: {} } as const;

export const pageQuery = {
  type: "object",
  properties: { limit: { type: "integer", minimum: 1, maximum: 1000 }, cursor: { type: "string" }, tags: strings },
} as const;

/** How long runs are kept, in seconds, and how many, the newest; never more than the server keeps of all. */
export const keepRuns = {
  type: "object",
  properties: {
    seconds: { type: "integer", minimum: 1, maximum: 3_153_600_000 },
    count: { type: "integer", minimum: 1, maximum: 1_000_000_000 },
  },
} as const;
