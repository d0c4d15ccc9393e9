/** The process of fixed-answers.ts: takes its options, tells its port, ends with its parent. */
import { type FixedAnswersOptions, serveFixedAnswers } from "./fixed-answers.ts";

process.on("message", (options: FixedAnswersOptions) => {
  process.send?.(serveFixedAnswers(options).port);
});
process.on("disconnect", () => process.exit());
