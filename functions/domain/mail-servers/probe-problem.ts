import { spoken } from "../google/replies.ts";
import { classify } from "../google/reply-table.ts";
import type { ProbeStage } from "../google/transports.ts";
import type { TextCode } from "../problem-texts.ts";
import type { Transport } from "../transport.ts";

/** What went wrong in a stage: a code with a text, and what the other side said, where it said something. */
export interface StageProblem {
  readonly code: TextCode;
  readonly upstream: string | null;
}

/** What a refusal means is decided where mail is delivered, so that a test and a delivery never name it differently. */
const refusalCode = ({ stage, at = "mail", reply, reasons = [] }: ProbeStage, transport: Transport): TextCode =>
  reply === undefined
    ? "connection_lost"
    : classify({ transport, stage: stage === "auth" ? "auth" : at, reply, reasons }).problem;

const codeOf = (stage: ProbeStage, transport: Transport): TextCode => {
  switch (stage.stage) {
    case "dns":
      return "dns_failed";
    case "tls":
      return "tls_failed";
    case "auth":
    case "envelope":
      return refusalCode(stage, transport);
  }
};

/** A failed stage of a probe as a problem with a text; `upstream` is what Gmail said. */
export const probeProblem = (stage: ProbeStage, transport: Transport): StageProblem => ({
  code: codeOf(stage, transport),
  upstream: stage.reply === undefined ? null : spoken(stage.reply),
});
