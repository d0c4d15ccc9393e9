/** Schemas that the reports' descriptions share. */
import { ANY_VALUE, type AnswerDoc } from "../openapi.ts";

/** A body with key and value; more fields are ignored. */
export const ITEM_SCHEMA = {
  type: "object",
  required: ["key", "value"],
  additionalProperties: true,
  properties: { key: { type: "string" }, value: ANY_VALUE },
};

/** A report's own form of an error, described by its example. */
export function failure(
  description: string,
  example: Readonly<Record<string, unknown>>,
): AnswerDoc {
  const properties = Object.fromEntries(
    Object.entries(example).map(([name, value]) => [
      name,
      { type: Number.isInteger(value) ? "integer" : typeof value },
    ]),
  );
  return {
    description,
    schema: { type: "object", required: Object.keys(example), properties },
    example,
  };
}
