/** Tables, blank for blank as scripts know them (cli-and-runtimes.md 1.2). */
import { displayWidth, wrapWords } from "./wrap-words.ts";

export interface TableStyle {
  /** A rule after every row, and crossings of the rules. */
  readonly ruled: boolean;
  /** Breaks cells at words; otherwise only at their own newlines. */
  readonly wrap: boolean;
}

const widestCell = 30;
const decimal = /^-?\d*\.?\d+$/;

type Rows = readonly (readonly string[])[];

/** Heading, rule and rows; every line ends with a newline. */
export function renderTable(style: TableStyle, titles: readonly string[], rows: Rows): string {
  const heading = titles.map((title) => title.toUpperCase().replaceAll(/[_.]/g, " "));
  // A heading is never broken.
  const widths = heading.map(displayWidth);
  const cells = fitted(style, widths, rows);
  const rule = ruleLine(style, widths);
  const body = cells.flatMap((row) => [...rowLines(row, widths), ...(style.ruled ? [rule] : [])]);
  const centredHeading = frame(heading.map((title, column) => centred(title, widths[column] ?? 0)));
  return `${[centredHeading, rule, ...body].join("\n")}\n`;
}

/** Rows alone, for a table that goes on. */
export function renderRows(style: TableStyle, rows: Rows): string {
  const widths: number[] = [];
  const lines = fitted(style, widths, rows).flatMap((row) => rowLines(row, widths));
  return `${lines.join("\n")}\n`;
}

/** The lines of all cells; the widths grow with them. */
function fitted(style: TableStyle, widths: number[], rows: Rows): readonly Rows[] {
  return rows.map((row) => row.map((cell, column) => cellLines(style, widths, column, cell)));
}

/** The lines of a cell; widens its column for the cell, and for a word that cannot be broken. */
function cellLines(style: TableStyle, widths: number[], column: number, cell: string): readonly string[] {
  const width = Math.max(widths[column] ?? 0, Math.min(displayWidth(cell.replaceAll("\n", "")), widestCell));
  const lines = style.wrap ? wrapWords(cell.replaceAll("\n", " ").split(" "), width) : cell.split("\n");
  widths[column] = Math.max(width, ...lines.map(displayWidth));
  return lines;
}

function ruleLine(style: TableStyle, widths: readonly number[]): string {
  const cells = widths.reduce((sum, width) => sum + width + 2, 0);
  return "-".repeat(style.ruled ? cells + widths.length + 1 : cells);
}

function rowLines(row: Rows, widths: readonly number[]): string[] {
  const height = Math.max(...row.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    frame(widths.map((width, column) => aligned(row[column]?.[line] ?? "", width))),
  );
}

function frame(cells: readonly string[]): string {
  return `  ${cells.join(" | ")}  `;
}

function aligned(text: string, width: number): string {
  const gap = " ".repeat(Math.max(0, width - displayWidth(text)));
  return decimal.test(text) ? gap + text : text + gap;
}

function centred(text: string, width: number): string {
  const gap = width - displayWidth(text);
  const left = Math.floor(gap / 2);
  return " ".repeat(left) + text + " ".repeat(gap - left);
}
