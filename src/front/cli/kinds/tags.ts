import type { Context } from "../frame/context.ts";
import type { JsonObject } from "../output/shape.ts";

/** The tag of `--application`. */
export function tagsOf(context: Context): readonly JsonObject[] {
  const application = context.flags.text("application");
  return application === undefined ? [] : [{ key: "Application", value: application }];
}
