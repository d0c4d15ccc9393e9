/** What a written schedule is played on. */
import type { Clients } from "../clients.ts";
import type { ClusterWorld } from "../world/cluster-world.ts";

export class ClusterStage {
  readonly world: ClusterWorld;
  readonly #clients: Clients;

  constructor(world: ClusterWorld, clients: Clients) {
    this.world = world;
    this.#clients = clients;
  }

  play(schedule: (stage: ClusterStage) => void): void {
    schedule(this);
    this.#clients.stop;
  }
}
