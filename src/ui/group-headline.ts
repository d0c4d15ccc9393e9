/** One sentence on how a group is, as one of its nodes sees it. */
import type { Headline } from "./cluster-headline.ts";
import type { NodeStatus } from "./node-status.ts";
import { count, list } from "./words.ts";

/** What stands out, the worst first. */
export function groupHeadline(status: NodeStatus): Headline {
  const { role, possibleLoss } = status;
  if (possibleLoss.length > 0) {
    return { tone: "bad", title: "Writes may have been lost.", sentence: possibleLoss.join(" ") };
  }
  if (role === "worker") return workerHeadline(status);
  if (role === "leader") return leaderHeadline(status);
  if (role === "candidate") {
    return { tone: "warn", title: "Taking over.", sentence: "It asks the others for promises." };
  }
  return followerHeadline(status);
}

function leaderHeadline({ followers, writeQuorum }: NodeStatus): Headline {
  const required = writeQuorum ?? 0;
  const ready = followers.filter(({ connected, synced }) => connected && synced);
  const missing = followers.filter((each) => !ready.includes(each)).map(({ node }) => node);
  const quorum = `A write waits for ${required} of ${count(followers.length, "follower")}.`;
  if (ready.length < required) {
    const there = `Only ${ready.length} of the ${required} that it needs are there`;
    const sentence = `${there}: bring ${list(missing)} back.`;
    return { tone: "bad", title: "Writes are refused.", sentence };
  }
  if (missing.length > 0) {
    const are = missing.length === 1 ? "is" : "are";
    return { tone: "warn", title: `${list(missing)} ${are} not there.`, sentence: quorum };
  }
  return { tone: "ok", title: "All is well.", sentence: quorum };
}

function workerHeadline({ controllerState, controllerReason }: NodeStatus): Headline {
  const why = controllerReason ?? "";
  if (controllerState === "heard") {
    const sentence = "Any key can be written and read here; the right worker is asked.";
    return { tone: "ok", title: "All is well.", sentence };
  }
  if (controllerState === "refused") {
    return { tone: "bad", title: "The controller refuses this worker.", sentence: why };
  }
  const sentence = `Reads and writes go on without it; only failover waits. ${why}`.trim();
  return { tone: "warn", title: "The controller is not heard.", sentence };
}

function followerHeadline({ leader, blank, synced }: NodeStatus): Headline {
  if (leader === null) {
    const sentence = blank
      ? "It holds nothing yet and waits for a leader."
      : "It answers local reads. Where the leader is gone for good, promote this node.";
    return { tone: "warn", title: "No leader is known.", sentence };
  }
  if (!synced) return { tone: "warn", title: "Catching up with its leader.", sentence: "" };
  return { tone: "ok", title: "All is well.", sentence: "It follows its leader." };
}
