/**
 * A page of any site that a person looks at may have the browser send a simple POST here, with the
 * person's way into the network and without asking. It can't read the answer, but a promotion or a
 * drain would be done. Other methods it can't send without being asked first, and refused.
 */
import { KvError } from "../base/errors.ts";
import { errorAnswer } from "./answers.ts";
import type { Fetch } from "./requests.ts";

/** Refuses what a browser sends on behalf of another site's page. */
export function refuseForeignPages(handle: Fetch): Fetch {
  return (request) => {
    return request.method === "POST" && isForeign(request.headers)
      ? errorAnswer(foreignPage(request.headers.get("origin")))
      : handle(request);
  };
}

/** Only browsers send these headers, and no page can change them. */
function isForeign(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site === "cross-site";
  const origin = headers.get("origin");
  return origin !== null && hostOf(origin) !== headers.get("host");
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function foreignPage(origin: string | null): KvError {
  const site = origin ?? "another site";
  return new KvError({
    code: "foreign_page",
    message: `A page of ${site} asked for this; use kvnode's own page or command instead.`,
    outcome: "refused",
  });
}
