/** How report 000's calls are described in OpenAPI. */
import { ANY_VALUE, describeRoute, KEY_IN_PATH } from "../openapi.ts";
import { failure, ITEM_SCHEMA } from "./dialect-docs.ts";

const FAILED = { success: false, error: "There is no such key." };

export const SET_DOC = describeRoute({
  tag: "report 000",
  summary: "Write a value (report 000)",
  description: "A failed quorum is 500 here; `outcome` says whether the write may survive.",
  body: { schema: ITEM_SCHEMA, example: { key: "greeting", value: "hello" } },
  answers: {
    200: {
      description: "Acknowledged.",
      schema: {
        type: "object",
        properties: {
          success: { type: "boolean" },
          key: { type: "string" },
          value: ANY_VALUE,
          replicas: { type: "integer" },
        },
      },
      example: { success: true, key: "greeting", value: "hello", replicas: 3 },
    },
    400: failure("Bad input.", {
      success: false,
      error: 'The field "key" is missing in the body.',
    }),
    403: failure("Not the leader.", { success: false, error: "This node is a follower." }),
    413: failure("The value is too large.", { success: false, error: "The value is too large." }),
    500: failure("The quorum failed.", { success: false, error: "Too few followers answered." }),
    503: failure("Not ready to serve.", { success: false, error: "This node is stopping." }),
  },
});

export const GET_DOC = describeRoute({
  tag: "report 000",
  summary: "Read what this node holds (reports 000 and 002)",
  parameters: [KEY_IN_PATH],
  answers: {
    200: {
      description: "The value.",
      schema: {
        type: "object",
        properties: {
          success: { type: "boolean" },
          found: { type: "boolean" },
          key: { type: "string" },
          value: ANY_VALUE,
        },
      },
      example: { success: true, found: true, key: "greeting", value: "hello", version: "1.42" },
    },
    400: failure("Bad input.", { ...FAILED, found: false, error: "The key is empty." }),
    404: failure("No such key.", { ...FAILED, found: false }),
    503: failure("Nothing known yet.", { ...FAILED, found: false, error: "Try again soon." }),
  },
});
