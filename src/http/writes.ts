/** The service's two writes, with what they took and how they ended counted. */
import type { Metrics } from "./metrics.ts";
import type { KvService, RemoveAnswer, WriteAnswer } from "./service.ts";

export interface Writes {
  write(key: string, value: string): Promise<WriteAnswer>;
  remove(key: string): Promise<RemoveAnswer>;
}

/** Every HTTP route that writes goes through here, whatever its dialect. */
export function countWrites(service: KvService, metrics: Metrics): Writes {
  async function count<T extends { readonly acks: number }>(start: () => Promise<T>): Promise<T> {
    const startedAtMs = performance.now();
    try {
      const answer = await start();
      metrics.writeAcknowledged(performance.now() - startedAtMs, answer.acks);
      return answer;
    } catch (error) {
      metrics.writeFailed(performance.now() - startedAtMs, error);
      throw error;
    }
  }
  return {
    write: (key, value) => count(() => service.write(key, value)),
    remove: (key) => count(() => service.remove(key)),
  };
}
