import { unixDate } from "../output/time.ts";
import { type Column, number } from "./kind.ts";

/** A column that shows Unix seconds as a date. */
export function dateColumn(title: string, key = "createdTime"): Column {
  return { title, cell: (resource) => unixDate(number(resource, key)) };
}
