/** Handlers that usually have their answer at once. */
import type { Logger } from "../base/log.ts";
import { errorAnswer, toKvError } from "./answers.ts";
import type { Fetch } from "./requests.ts";

/**
 * A handler whose answer Elysia passes on in the same turn. Elysia reads a handler's source to find
 * out whether it may give a promise, takes any call behind a `return` for one, and would then wait
 * for every answer. A bound function shows no source.
 *
 * So Elysia would not see a promise fail either: that is answered here.
 */
export function atOnce(logger: Logger, handle: Fetch) {
  return answer.bind({ logger, handle });
}

function answer(
  this: { readonly logger: Logger; readonly handle: Fetch },
  { request }: { readonly request: Request },
): Response | Promise<Response> {
  const answered = this.handle(request);
  if (answered instanceof Response) return answered;
  return answered.catch((error) => errorAnswer(toKvError(error, this.logger, request)));
}
