import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import type { MailServer } from "../../api/types.ts";
import { ConnectionCard } from "./connection-card.tsx";
import { ConsentProblem, NowConnected } from "./consent-outcome.tsx";
import { LimitsCard } from "./limits-card.tsx";
import { MailCard } from "./mail-card.tsx";
import { hasAccess } from "./needing-attention.ts";

interface Props {
  readonly server: MailServer;
  readonly reload: () => Promise<void>;
}

/** Whether the server can send, and the one thing to do next: connect it, connect it again, or send a mail. */
export const Overview = ({ server, reload }: Props) => {
  const { problem, connected } = useLocation().query;
  const [activity, setActivity] = useState(0);
  const countActivity = async () => {
    setActivity((before) => before + 1);
    await reload();
  };
  const isConnected = server.connection.state !== "not_connected";
  const canSend = server.active && server.connection.state === "valid" && problem === undefined;
  return (
    <>
      {problem !== undefined && <ConsentProblem server={server} code={problem} />}
      {problem === undefined && connected === "1" && hasAccess(server.connection) && <NowConnected />}
      <ConnectionCard server={server} told={problem ?? null} onTested={countActivity} />
      {isConnected && (
        <div class="halves">
          {server.active && <MailCard server={server} primary={canSend} onSent={countActivity} />}
          <LimitsCard server={server} activity={activity} />
        </div>
      )}
    </>
  );
};
