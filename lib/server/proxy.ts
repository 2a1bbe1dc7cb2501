/**
 * Requests through the proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY name, except to what NO_PROXY does, and to this
 * machine. Node's own fetch leaves these variables aside; undici is what it is made of.
 */
import { getProxyForUrl } from "proxy-from-env";
import type { ProxyAgent } from "undici";
import { UserError } from "../base/check";
import { isLoopback } from "./loopback";

/** How a request is sent, and for messages by which proxy. */
export interface Route {
  send: (url: string, init: RequestInit) => Promise<Response>;
  /** Its address, without name and password. */
  proxy?: string;
}

const agents = new Map<string, ProxyAgent>();

/** @throws UserError for a proxy that speaks another protocol than HTTP */
export async function routeTo(url: string): Promise<Route> {
  // loopback addresses are this machine's; a proxy elsewhere would mean its own
  const named = isLoopback(new URL(url).hostname) ? "" : getProxyForUrl(url);
  if (named === "") return { send: fetch };
  const proxy = URL.canParse(named) ? new URL(named) : undefined;
  if (!proxy || !/^https?:$/.test(proxy.protocol))
    throw new UserError({
      where: "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY",
      expected: "the address of an HTTP proxy, like http://proxy:3128",
      got: proxy ? `one that begins with ${proxy.protocol}` : "something else",
      fix: "Set another, or name the server in NO_PROXY.",
    });
  const undici = await import("undici"); // only where it is needed
  let agent = agents.get(named);
  // an http address is asked for in one request, as curl does; an https one through a tunnel
  if (!agent) agents.set(named, (agent = new undici.ProxyAgent({ uri: named, proxyTunnel: false })));
  const dispatcher = agent;
  // undici's own types of a request and a response are the same in other words
  const send = undici.fetch as unknown as (url: string, init: object) => Promise<Response>;
  return { send: (to, init) => send(to, { ...init, dispatcher }), proxy: proxy.origin };
}
