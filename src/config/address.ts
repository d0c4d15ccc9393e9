/** Addresses of nodes: always `http://host:port`, whatever was written. */
import { NotAllowed, quoteGiven } from "./setting.ts";

/** More followers than this would never be answered fast by one leader on one machine. */
export const FOLLOWERS_MAX = 30;

/** More workers than this nobody has tried. */
export const WORKERS_MAX = 1_000;

const EXAMPLE = "such as follower1:5000 or http://127.0.0.1:5001";

/** `follower1:5000`, `http://follower1:5000/` → `http://follower1:5000`; throws NotAllowed. */
export function parseAddress(text: string): string {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(withScheme) ? new URL(withScheme) : undefined;
  const bare =
    url?.protocol === "http:" &&
    url.username === "" &&
    url.password === "" &&
    url.pathname === "/" &&
    url.search === "" &&
    url.hash === "";
  if (!url || !bare || /\s/.test(text)) {
    throw new NotAllowed(`allowed is host:port or http://host:port, ${EXAMPLE}`);
  }
  const port = url.port === "" && /:80\/?$/.test(text) ? "80" : url.port;
  if (port === "" || port === "0") throw new NotAllowed(`the port is missing, ${EXAMPLE}`);
  return `http://${url.hostname}:${port}`;
}

/** A list by commas or a JSON array of at most so many addresses; it throws NotAllowed. */
export function parseAddressList(most: number): (text: string) => readonly string[] {
  return (text) => {
    const addresses = new Set<string>();
    for (const part of splitList(text)) {
      const address = parseListed(part);
      if (addresses.has(address)) throw new NotAllowed(`${address} stands there twice`);
      addresses.add(address);
    }
    if (addresses.size > most) {
      throw new NotAllowed(`allowed are at most ${most}, and these are ${addresses.size}`);
    }
    return [...addresses];
  };
}

function parseListed(part: string): string {
  try {
    return parseAddress(part);
  } catch (error) {
    if (!(error instanceof NotAllowed)) throw error;
    throw new NotAllowed(`in ${quoteGiven(part)}: ${error.message}`);
  }
}

function splitList(text: string): readonly string[] {
  if (!text.startsWith("[")) {
    return text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }
  try {
    const list: unknown = JSON.parse(text);
    if (Array.isArray(list) && list.every((item) => typeof item === "string")) return list;
  } catch {
    // Said below: a broken array and an array of numbers need the same advice.
  }
  throw new NotAllowed('allowed is a list by commas or a JSON array of texts, ["host:port", …]');
}

/** Where others reach a node by default: a listener on every interface is named by this machine. */
export function defaultAddress(host: string, port: number): string {
  const everywhere = host === "0.0.0.0" || host === "::" || host === "[::]";
  const name = everywhere ? "127.0.0.1" : host;
  return `http://${name.includes(":") && !name.startsWith("[") ? `[${name}]` : name}:${port}`;
}

/** A name or an IP address to listen on, without scheme and port; throws NotAllowed. */
export function parseHost(text: string): string {
  const bare = text.replace(/^\[(.*)\]$/, "$1");
  const inUrl = bare.includes(":") ? `[${bare}]` : bare;
  if (/^[A-Za-z0-9.:_%-]+$/.test(bare) && URL.canParse(`http://${inUrl}:1/`)) return bare;
  throw new NotAllowed("allowed is a host name or an IP address, such as 127.0.0.1 or 0.0.0.0");
}
