/** The lab at a leader: how it looks. What it does: lab.ts. */
import { type Lab, network } from "./lab.ts";
import { latencyChart } from "./latency-chart.ts";
import type { NodeStatus } from "./node-status.ts";
import { answerArea, card, field } from "./parts.ts";
import { quantile, toRuns } from "./samples.ts";
import { h, type TreeElement } from "./tree.ts";
import { duration } from "./words.ts";

/** Networks to try, from none to one that a person feels. */
const NETWORKS = [
  ["0ms", "0ms", "no delay"],
  ["0.1ms", "1ms", "0.1–1 ms, one house"],
  ["1ms", "10ms", "1–10 ms, one town"],
  ["10ms", "100ms", "10–100 ms, one world"],
] as const;

/** Quorum, network, writes, and what they cost. */
export function labCard(lab: Lab, status: NodeStatus, width: number): TreeElement {
  return card(
    "Quorum and Latency",
    { class: "lab" },
    h("div", { class: "knobs" }, quorumKnob(status), networkKnob(status)),
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", class: "strong", "data-do": "burst", disabled: lab.busy }, [
        "Write 40 times",
      ]),
      h(
        "button",
        {
          type: "button",
          class: "plain",
          "data-do": "sweep",
          disabled: lab.busy || status.followers.length === 0,
        },
        "Try every quorum",
      ),
      lab.busy
        ? h("button", { key: "stop", type: "button", class: "plain", "data-do": "stop" }, "Stop")
        : h(
            "button",
            {
              key: "forget",
              type: "button",
              class: "plain",
              "data-do": "forget",
              disabled: lab.samples.length === 0,
            },
            "Clear",
          ),
    ),
    answerArea("lab-answer", lab.note),
    h("div", { class: "chart-room", "data-measure": true }, latencyChart(lab.samples, width)),
    lab.samples.length > 0 && runTable(lab),
    h(
      "p",
      { class: "hint" },
      "A write answers at the k-th confirmation: the fewer it waits for, the sooner, and the " +
        "fewer copies are behind it. Times are the leader's own, from the request to the " +
        "answer. Writes of other clients show too, as one dot a refresh. The lab writes the key " +
        "lab/latency.",
    ),
  );
}

function quorumKnob({ writeQuorum, followers }: NodeStatus): TreeElement {
  const choices = Array.from({ length: followers.length + 1 }, (_, quorum) => quorum);
  return h(
    "fieldset",
    { class: "quorum" },
    h("legend", {}, "Followers that must confirm a write"),
    h(
      "div",
      { class: "segments" },
      choices.map((quorum) =>
        h(
          "button",
          {
            key: quorum,
            type: "button",
            "data-do": "turn",
            "data-quorum": quorum,
            "aria-pressed": `${quorum === writeQuorum}`,
          },
          quorum,
        ),
      ),
    ),
  );
}

function networkKnob({ minDelay, maxDelay }: NodeStatus): TreeElement {
  return h(
    "fieldset",
    { class: "network" },
    h("legend", {}, `Simulated network, now ${network(minDelay, maxDelay)}`),
    h(
      "div",
      { class: "segments" },
      NETWORKS.map(([min, max, name]) =>
        h(
          "button",
          {
            type: "button",
            "data-do": "turn",
            "data-min-delay": min,
            "data-max-delay": max,
            "aria-pressed": `${min === minDelay && max === maxDelay}`,
          },
          name,
        ),
      ),
    ),
    h(
      "details",
      {},
      h("summary", {}, "Other delays"),
      h(
        "form",
        { "data-do": "turn", class: "pair", autocomplete: "off", novalidate: true },
        field("min-delay", "From", delayInput("min-delay", "minDelay", "0.1ms")),
        field("max-delay", "To", delayInput("max-delay", "maxDelay", "1ms")),
        h("button", { class: "plain" }, "Set"),
      ),
    ),
  );
}

function delayInput(id: string, name: string, value: string): TreeElement {
  return h("input", { id, name, type: "text", value, spellcheck: "false" });
}

function runTable({ samples }: Lab): TreeElement {
  return h(
    "table",
    { class: "runs" },
    h("caption", {}, "The same in numbers"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        ["Quorum", "Network", "Writes", "Median", "Slowest 5 %"].map((name) =>
          h("th", { scope: "col" }, name),
        ),
      ),
    ),
    h(
      "tbody",
      {},
      toRuns(samples)
        .slice(-8)
        .map(({ required, network: delay, ms, writes }) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, required),
            h("td", {}, delay),
            h("td", {}, writes.toLocaleString("en")),
            h("td", {}, duration(quantile(ms, 0.5))),
            h("td", {}, duration(quantile(ms, 0.95))),
          ),
        ),
    ),
  );
}
