/** Metrics that are states: read from the node when somebody asks, not counted on the way. */
import { Counter, Gauge, type Registry } from "prom-client";
import { generationOf } from "../core/epoch.ts";
import type { ConnectionCounts } from "./connections.ts";
import type { NodeCounters, NodeStatus } from "./service.ts";

/** What a node is now. */
export interface NodeState {
  readonly status: NodeStatus;
  /** What it does not say is left out. */
  readonly counters?: NodeCounters | undefined;
  readonly connections?: ConnectionCounts | undefined;
}

/** Settings that bound something whose size is a metric too. */
export interface Bounds {
  /** Under way to one follower. */
  readonly linkQueueBytes?: number | undefined;
  /** Of writes that wait for their quorum. */
  readonly pendingBytes?: number | undefined;
}

/** States of the node; `set` takes what they are now. */
export function defineState(registry: Registry, bounds: Bounds) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const isLeader = gauge("kvnode_leader", "1 if this node leads its group, else 0.");
  const synced = gauge("kvnode_synced", "1 if this node's state is based on its leader's epoch.");
  const blank = gauge("kvnode_blank", "1 if this node never was synced or lost what it held.");
  const epoch = gauge("kvnode_epoch", "The leadership generation that this node follows or leads.");
  const promised = gauge("kvnode_promised_epoch", "The highest epoch that this node promised.");
  const watermark = gauge("kvnode_watermark", "Sequence up to which this node holds everything.");
  const commit = gauge("kvnode_commit_watermark", "Sequence up to which writes are committed.");
  const keys = gauge("kvnode_keys", "Live keys.");
  const quorum = gauge("kvnode_write_quorum", "Followers that must acknowledge a write.");
  const members = gauge("kvnode_members", "Nodes of the group that this node has heard of.");
  const loss = gauge("kvnode_possible_losses", "Events by which acknowledged writes may be lost.");
  const followers = defineFollowers(registry);
  const setCounters = defineCounters(registry);
  const setConnections = defineConnections(registry);
  if (bounds.linkQueueBytes !== undefined) {
    gauge("kvnode_follower_queue_bytes_max", "Above this a follower is served by catch-up.").set(
      bounds.linkQueueBytes,
    );
  }
  if (bounds.pendingBytes !== undefined) {
    gauge("kvnode_pending_bytes_max", "Above this writes are refused as overloaded.").set(
      bounds.pendingBytes,
    );
  }
  return {
    set({ status, counters, connections }: NodeState): void {
      isLeader.set(status.role === "leader" ? 1 : 0);
      synced.set(status.synced ? 1 : 0);
      blank.set(status.blank ? 1 : 0);
      epoch.set(generationOf(status.epoch));
      promised.set(generationOf(status.promised));
      watermark.set(status.watermark);
      commit.set(status.commitWatermark);
      keys.set(status.keys);
      members.set(status.members.length);
      loss.set(status.possibleLoss.length);
      if (status.writeQuorum !== null) quorum.set(status.writeQuorum);
      followers.set(status);
      setCounters(counters ?? {});
      if (connections !== undefined) setConnections(connections);
    },
  };
}

function defineFollowers(registry: Registry) {
  const registers = [registry];
  const perFollower = (name: string, help: string) =>
    new Gauge({ name, help, registers, labelNames: ["follower", "address"] });
  const connected = perFollower("kvnode_follower_connected", "1 if the link to it stands.");
  const synced = perFollower("kvnode_follower_synced", "1 if it may acknowledge.");
  const lagEntries = perFollower("kvnode_follower_lag_entries", "Entries it has not confirmed.");
  const lag = perFollower("kvnode_follower_lag_seconds", "How far it is behind, in seconds.");
  const queue = perFollower("kvnode_follower_queue_bytes", "Bytes on their way, not confirmed.");
  return {
    set({ followers }: NodeStatus): void {
      for (const each of [connected, synced, lagEntries, lag, queue]) each.reset();
      for (const follower of followers) {
        // Two followers may bear the same name, as in the reports' compose files.
        const labels = { follower: follower.node, address: follower.address };
        connected.set(labels, follower.connected ? 1 : 0);
        synced.set(labels, follower.synced ? 1 : 0);
        lagEntries.set(labels, follower.lagEntries);
        lag.set(labels, follower.lagMs / 1000);
        queue.set(labels, follower.queueBytes);
      }
    },
  };
}

const COUNTERS = {
  takeovers: ["counter", "kvnode_takeovers_total", "How often this node has become the leader."],
  fenced: ["counter", "kvnode_fenced_total", "How often it led and a higher epoch ended that."],
  syncedEpoch: ["gauge", "kvnode_synced_epoch", "The epoch that this node's state is based on."],
  pendingWrites: ["gauge", "kvnode_pending_writes", "Writes that wait for their quorum."],
  pendingBytes: ["gauge", "kvnode_pending_bytes", "Bytes of writes that wait for their quorum."],
  copies: ["gauge", "kvnode_copies", "Partitions that this worker has a copy of."],
  primaries: ["gauge", "kvnode_primaries", "Partitions that this worker leads."],
  sentOn: ["counter", "kvnode_sent_on_total", "Calls that were sent on to another worker."],
} as const satisfies Record<keyof NodeCounters, readonly [string, string, string]>;

/** A metric is made when its number first comes: one that a node does not have is not shown. */
function defineCounters(registry: Registry) {
  const made = new Map<keyof NodeCounters, (value: number) => void>();

  function make(counter: keyof NodeCounters): (value: number) => void {
    const [kind, name, help] = COUNTERS[counter];
    if (kind === "gauge") {
      const gauge = new Gauge({ name, help, registers: [registry] });
      return (value) => gauge.set(value);
    }
    return settable(new Counter({ name, help, registers: [registry] }));
  }

  return (counters: NodeCounters): void => {
    for (const counter of Object.keys(COUNTERS) as (keyof NodeCounters)[]) {
      const value = counters[counter];
      if (value === undefined) continue;
      const set = made.get(counter) ?? make(counter);
      made.set(counter, set);
      set(counter === "syncedEpoch" ? generationOf(value) : value);
    }
  };
}

function defineConnections(registry: Registry) {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers: [registry] });
  const counter = (name: string, help: string) =>
    settable(new Counter({ name, help, registers: [registry] }));
  const open = gauge("kvnode_http_connections", "Clients that are connected, about.");
  const openMax = gauge("kvnode_http_connections_max", "Above this idle connections are closed.");
  const underWay = gauge("kvnode_http_requests_under_way", "Requests not answered yet.");
  const links = gauge("kvnode_peer_links", "Other nodes that are connected to this one.");
  const closed = counter("kvnode_http_connections_closed_total", "Closed, idle, in a crowd.");
  const refused = counter("kvnode_http_requests_refused_total", "Refused: too many under way.");
  return (counts: ConnectionCounts): void => {
    if (counts.open !== undefined) open.set(counts.open);
    openMax.set(counts.openMax);
    underWay.set(counts.underWay);
    links.set(counts.links);
    closed(counts.closed);
    refused(counts.refused);
  };
}

/** A counter whose whole value comes from elsewhere. */
function settable(counter: Counter): (value: number) => void {
  return (value) => {
    counter.reset();
    counter.inc(value);
  };
}
