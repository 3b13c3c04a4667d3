import { spoken } from "../google/replies.ts";
import { classify } from "../google/reply-table.ts";
import type { ProbeStage } from "../google/transports.ts";
import type { TextCode } from "../problem-texts.ts";
import type { Transport } from "../transport.ts";

/** What went wrong in a stage. `upstream` is the other side's reply, if there was one. */
export interface StageProblem {
  readonly code: TextCode;
  readonly upstream: string | null;
}

/** Uses the table of deliveries, so that a test and a delivery always report the same problem. */
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

/** The problem of a failed stage of a probe. */
export const probeProblem = (stage: ProbeStage, transport: Transport): StageProblem => ({
  code: codeOf(stage, transport),
  upstream: stage.reply === undefined ? null : spoken(stage.reply),
});
