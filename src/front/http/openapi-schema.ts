/** The contracts' schemas as a public description: plain JSON Schema 2020-12, with the nulls that the wire allows. */
import type { TSchema } from "typebox";

interface Shape {
  readonly type?: string;
  readonly format?: string;
  /** Required in requests, yet `null` in answers. */
  readonly nullable?: boolean;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly items?: Shape;
  readonly additionalProperties?: Shape;
}

/** Where a field may be left out, `null` says the same; lists that are empty are answered as `null`. */
export function wireSchema(schema: TSchema): object {
  return described(schema as Shape);
}

function described(shape: Shape): object {
  const { patternMessage: _, nullable: __, ...rest } = shape as Shape & { patternMessage?: string };
  const { format, properties, items, additionalProperties } = rest;
  return {
    ...rest,
    ...(format === "event-time" ? { format: "date-time" } : {}),
    ...(items === undefined ? {} : { items: described(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: described(additionalProperties) }),
    ...(properties === undefined ? {} : { properties: describedProperties(properties, shape.required ?? []) }),
  };
}

function describedProperties(properties: Readonly<Record<string, Shape>>, required: readonly string[]): object {
  const entries = Object.entries(properties).map(([name, property]) => {
    const text = described(property);
    return [name, required.includes(name) && property.nullable !== true ? text : orNull(text)];
  });
  return Object.fromEntries(entries);
}

/** Times of events are the exception: theirs must not be null. */
function orNull(shape: Shape): object {
  if (shape.type === undefined || shape.format === "date-time") return shape;
  const values = shape.enum === undefined ? {} : { enum: [...shape.enum, null] };
  return { ...shape, type: [shape.type, "null"], ...values };
}
