import { systemClock } from "../../../src/base/clock.ts";
import { createMemoryNetwork } from "../../../src/transport/memory-network.ts";
import { describeNetwork } from "./network-contract.ts";

describeNetwork("the in-memory network", async (accept) => {
  const network = createMemoryNetwork(systemClock);
  const address = "http://here";
  const stopListening = network.listen(address, accept);
  return { network, address, nowhere: "http://nowhere", stop: async () => stopListening() };
});
