/**
 * What nodes say to each other. Each message that concerns a group names the group and an epoch, so
 * that one link between two nodes serves any number of groups and a deposed leader's words can be
 * told from the current one's.
 *
 * Whoever leads or wants to lead dials the others; `DialerMessage`s go from it to them and
 * `AnswerMessage`s come back.
 */
import type { Entry } from "../core/entry.ts";
import type { GroupIdentity, Note } from "../core/group-record.ts";
import type { Building, Compared, Comparison } from "../core/holding.ts";
import type { Acknowledgement, CatchUpPage } from "../core/leader.ts";
import type { PromiseAnswer } from "../core/takeover.ts";

/** The first message on a link, from both ends: who is there. */
export interface HelloMessage {
  readonly type: "hello";
  readonly cluster: string;
  readonly node: string;
  /** Random, new with each start: tells one node under two addresses from two nodes. */
  readonly instance: string;
  /** The URL under which this node is reached by others. */
  readonly address: string;
}

/** "Go away, and this is why"; the link closes after it. */
export interface RefuseMessage {
  readonly type: "refuse";
  readonly reason: string;
}

/** From the dialler when it hears nothing else: whoever is there answers with `pong`. */
export interface PingMessage {
  readonly type: "ping";
}

export interface PongMessage {
  readonly type: "pong";
  /** Bytes that have arrived on this link so far, the ping's included. */
  readonly receivedBytes: number;
}

/** From the dialler: for this group the link is as good as closed, whoever else uses it. */
export interface LeaveMessage {
  readonly type: "leave";
  readonly group: number;
}

/** "What do you know?" Binds nobody; answered by `here`. */
export interface InquireMessage {
  readonly type: "inquire";
  readonly group: number;
  /** As in `lead`. */
  readonly copy: number;
  /**
   * The generation in which the sender is to lead, 0 where nobody appoints. Who leads an older one
   * takes no more writes and answers when those that it has are settled, or after a while.
   */
  readonly generation: number;
}

/** A leader presents itself; the follower answers with `here`. */
export interface LeadMessage {
  readonly type: "lead";
  readonly group: number;
  readonly epoch: number;
  readonly identity: GroupIdentity;
  /** Which of the members the receiver is. */
  readonly slot: number;
  /** The number of the receiver's copy, see Copy; 0 where nobody appoints. */
  readonly copy: number;
  /** It has everything that was committed up to here in earlier epochs. */
  readonly vouched: number;
  /** See GroupRecord. */
  readonly severed: number;
}

/** What this node knows of the group. */
export interface HereMessage {
  readonly type: "here";
  readonly group: number;
  /** Of the `lead` that this answers; 0 where it answers an `inquire`. */
  readonly epoch: number;
  /** As in `lead`: a link may outlive a copy, and this one may come late. */
  readonly copy: number;
  readonly identity: GroupIdentity | undefined;
  readonly promised: number;
  readonly facts: PromiseAnswer;
  /** The state that it builds from this leader's, if it does. */
  readonly building: Building | undefined;
  /** URL of the leader that it hears at the moment, its own if it leads; "" nobody. */
  readonly leader: string;
}

/** "Promise me this epoch." Answered by `promise` or `fenced`. */
export interface AskMessage {
  readonly type: "ask";
  readonly group: number;
  readonly epoch: number;
  readonly identity: GroupIdentity;
  /** Which of the members the receiver is. */
  readonly slot: number;
  /** As in `lead`. */
  readonly copy: number;
  /** Only the answer to the last ask counts. */
  readonly number: number;
  /** Which of the members the candidate is, and the id of its memory. */
  readonly candidate: number;
  readonly memory: string;
  /** The candidate has lost its memory: whoever promises notes the new one. */
  readonly blank: boolean;
}

export interface PromiseMessage {
  readonly type: "promise";
  readonly group: number;
  readonly epoch: number;
  readonly number: number;
  readonly facts: PromiseAnswer;
}

/** "That epoch is over for me." */
export interface FencedMessage {
  readonly type: "fenced";
  readonly group: number;
  /** Of the message that was refused. */
  readonly epoch: number;
  readonly promised: number;
}

/** A candidate wants what a giver of its promise holds above a sequence; answered by `fetched`. */
export interface FetchMessage {
  readonly type: "fetch";
  readonly group: number;
  readonly epoch: number;
  readonly above: number;
}

export interface FetchedMessage {
  readonly type: "fetched";
  readonly group: number;
  readonly epoch: number;
  /** The id of the giver's memory: another one's entries are no part of its promise. */
  readonly memory: string;
  readonly above: number;
  /** It has nothing else up to here. */
  readonly upTo: number;
  readonly last: boolean;
  readonly entries: readonly Entry[];
}

/** "Note that this member has another memory"; answered by `noted` or `fenced`. */
export interface NoteMessage extends Note {
  readonly type: "note";
  readonly group: number;
}

export interface NotedMessage {
  readonly type: "noted";
  readonly group: number;
  readonly epoch: number;
  readonly slot: number;
  readonly memory: string;
  /** The one who answers is blank itself and has noted nothing. */
  readonly blank: boolean;
}

/** New entries, as they were written. */
export interface EntriesMessage {
  readonly type: "entries";
  readonly group: number;
  readonly epoch: number;
  readonly commitWatermark: number;
  readonly entries: readonly Entry[];
}

/** A page of catch-up. */
export interface PageMessage {
  readonly type: "page";
  readonly group: number;
  readonly epoch: number;
  readonly page: CatchUpPage;
  /** The leader's notes; those of a follower that is synced by this page. */
  readonly notes: readonly Note[];
}

/** A follower asks its new leader about keys of which it is not sure. */
export interface CompareMessage extends Comparison {
  readonly type: "compare";
  readonly group: number;
  readonly epoch: number;
}

export interface ComparedMessage extends Compared {
  readonly type: "compared";
  readonly group: number;
  readonly epoch: number;
}

/** The leader's watermarks; a beat above 0 wants an acknowledgement. */
export interface NewsMessage {
  readonly type: "news";
  readonly group: number;
  readonly epoch: number;
  readonly sequence: number;
  readonly commitWatermark: number;
  readonly stableWatermark: number;
  readonly beat: number;
}

/** What the follower holds now. */
export interface AcknowledgeMessage {
  readonly type: "acknowledge";
  readonly group: number;
  readonly epoch: number;
  /** Bytes that have arrived on this link so far, for the sender's bound. */
  readonly receivedBytes: number;
  readonly said: Acknowledgement;
}

/** From one who leads or wants to lead. */
export type DialerMessage =
  | InquireMessage
  | LeadMessage
  | AskMessage
  | FetchMessage
  | NoteMessage
  | EntriesMessage
  | PageMessage
  | ComparedMessage
  | NewsMessage;

/** Back to it. */
export type AnswerMessage =
  | HereMessage
  | PromiseMessage
  | FencedMessage
  | FetchedMessage
  | NotedMessage
  | CompareMessage
  | AcknowledgeMessage;

/** A message that concerns one group. */
export type GroupMessage = DialerMessage | AnswerMessage;

/** What concerns the link itself. */
export type LinkMessage = HelloMessage | RefuseMessage | PingMessage | PongMessage | LeaveMessage;

export type PeerMessage = LinkMessage | GroupMessage;

/** Everything but what only the other direction says. */
export function isAnswer(message: GroupMessage): message is AnswerMessage {
  switch (message.type) {
    case "here":
    case "promise":
    case "fenced":
    case "fetched":
    case "noted":
    case "compare":
    case "acknowledge":
      return true;
    default:
      return false;
  }
}
