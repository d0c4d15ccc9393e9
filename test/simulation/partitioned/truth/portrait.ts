/** How a cluster stands, in lines for people who look for what went wrong. */
import type { Surroundings } from "../world/surroundings.ts";

export function portrayCluster(world: Surroundings): string[] {
  const state = world.controller.process?.controller.state;
  const workers = world.places.map(({ id, process }) => {
    const seen = state?.byId.get(id);
    const contact = JSON.stringify(process?.worker.heartbeats.contact);
    const groups = [...(process?.worker.node.groups ?? [])].map(([partition, group]) => {
      const { role, record, waitsFor } = group;
      const why = waitsFor === undefined ? "" : ` waits: ${waitsFor.message}`;
      const numbers = `promised ${record.promised} synced ${record.synced} copy ${record.copy}`;
      return `${partition}: ${role} ${numbers} knows ${group.assignment?.revision}${why}`;
    });
    const map = process?.worker.map.version;
    return `${id}: ${seen?.life} ${contact} map ${map}; ${groups.join("; ")}`;
  });
  const partitions = (state?.partitions ?? []).map(({ assignment, lead, avoided }) => {
    return `${JSON.stringify(assignment)} lead ${JSON.stringify(lead)} ${JSON.stringify(avoided)}`;
  });
  return [...workers, ...partitions];
}
