/** What a part of the measurement hands back: figures, some of them with what is wanted of them. */
import Table from "cli-table3";
import { stringify } from "csv-stringify/sync";
import { markdownTable } from "./markdown.ts";

export interface Figure {
  readonly part: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Digits behind the point; default 0. */
  readonly digits?: number;
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Undefined where nothing is wanted of it. */
export function isMet({ value, atLeast, atMost }: Figure): boolean | undefined {
  if (atLeast === undefined && atMost === undefined) return undefined;
  return value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Infinity);
}

/** One table for people. */
export function figuresTable(figures: readonly Figure[]): string {
  const table = new Table({
    head: ["part", "figure", "measured", "", "wanted", "met"],
    colAligns: ["left", "left", "right", "left", "left", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const figure of figures) {
    const met = isMet(figure);
    const verdict = met === undefined ? "" : met ? "yes" : "MISSED";
    const { part, name, unit } = figure;
    table.push([part, name, measuredText(figure), unit, wantedText(figure), verdict]);
  }
  return table.toString();
}

/** The lines of a table in Markdown. */
export function figuresMarkdown(figures: readonly Figure[]): string[] {
  const rows = figures.map((figure) => {
    const met = isMet(figure);
    const verdict = met === undefined ? "" : met ? "yes" : "missed";
    const measured = `${measuredText(figure)} ${figure.unit}`.trim();
    return [figure.part, figure.name, measured, wantedText(figure), verdict];
  });
  return markdownTable(["part", "figure", "measured", "wanted", "met"], rows);
}

/** `figures.csv` */
export function figuresCsv(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    ...[figure.part, figure.name, figure.value.toFixed(4), figure.unit],
    ...[figure.atLeast ?? "", figure.atMost ?? "", String(isMet(figure) ?? "")],
  ]);
  return stringify([["part", "figure", "value", "unit", "at_least", "at_most", "met"], ...rows]);
}

/** Without its unit. */
export function measuredText(figure: Figure): string {
  return format(figure, figure.value);
}

/** `≤ 3`; empty where nothing is wanted of it. */
export function wantedText(figure: Figure): string {
  const { atLeast, atMost } = figure;
  if (atLeast !== undefined) return `≥ ${format(figure, atLeast)}`;
  return atMost === undefined ? "" : `≤ ${format(figure, atMost)}`;
}

function format({ digits = 0 }: Figure, value: number): string {
  const look = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return Number.isFinite(value) ? value.toLocaleString("en-US", look) : "–";
}
