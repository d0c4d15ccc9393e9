/** Links over WebSockets, where they differ from the in-memory twin. */
import { expect, test } from "bun:test";
import { createWebSocketNetwork } from "../../../src/transport/web-socket-network.ts";

test("a link that is still being opened drops what is sent on it, and does not throw", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<string>();
  // Nobody answers a WebSocket's greeting here, so the link stays between the two states.
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  try {
    const link = createWebSocketNetwork().connect(`http://127.0.0.1:${silent.port}`, {
      opened() {},
      message() {},
      closed: resolve,
    });
    expect(link.send({ type: "refuse", reason: "a message like any other" })).toBe(0);
    link.close("the test is over");
    expect(await closed).toBe("the test is over");
  } finally {
    silent.stop(true);
  }
});
