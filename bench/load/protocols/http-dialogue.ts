/** HTTP/1.1 as a dialogue. */
import { type Answer, type Dialogue, SERVED } from "../protocol.ts";
import { type AnswerSink, ResponseParser } from "../response-parser.ts";

export interface HttpDialogueOptions {
  readonly keepBodies: boolean;
  /**
   * Whether an answer gives what was asked for; any other is wrong. Without it every status is an
   * answer, and who asked judges.
   */
  readonly serves?: (status: number, body: string, request: Uint8Array | undefined) => boolean;
}

const OK = 200;

/** See the file's head. */
export class HttpDialogue implements Dialogue, AnswerSink {
  readonly #options: HttpDialogueOptions;
  readonly #parser: ResponseParser;
  #answer: Answer | undefined;
  #request: Uint8Array | undefined;

  constructor(options: HttpDialogueOptions) {
    this.#options = options;
    this.#parser = new ResponseParser(this, { keepBodies: options.keepBodies });
  }

  prepare(request: Uint8Array): Uint8Array {
    this.#request = request;
    return request;
  }

  feed(chunk: Buffer): Answer | undefined {
    this.#answer = undefined;
    this.#parser.push(chunk);
    return this.#answer;
  }

  end(): Answer | undefined {
    this.#answer = undefined;
    this.#parser.end();
    return this.#answer;
  }

  answer(status: number, body: string, last: boolean): void {
    // What comes behind the answer, before anything more was asked for, is none of ours.
    if (this.#answer !== undefined) return;
    const { serves } = this.#options;
    const wrong = serves !== undefined && !serves(status, body, this.#request);
    if (status === OK && body === "" && !last && !wrong) this.#answer = SERVED;
    else this.#answer = { status, body, last, failure: wrong ? "wrong" : undefined };
  }
}
