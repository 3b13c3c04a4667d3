import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Card } from "../../widgets/card.tsx";
import { Coming } from "../../widgets/remote-view.tsx";
import { FirstCall } from "../keys/first-call.tsx";

const REFRESH_MS = 10_000;

/** Once an account can send, what is missing is a program that does; shown until one has called. */
export const NextStep = () => {
  const { remote } = useRemote("keys", (signal) => api.keys.list(signal), { everyMs: REFRESH_MS });
  if (remote.phase === "loading") return <Coming />;
  if (remote.phase === "failed" || remote.value.items.some(({ lastUsedAt }) => lastUsedAt !== null)) return null;
  const hasKey = remote.value.items.length > 0;
  return (
    <Card
      title={t("next.title")}
      actions={
        <a class="button primary" href={hasKey ? "/keys" : "/keys?new"}>
          {t(hasKey ? "next.keys" : "next.make")}
        </a>
      }
    >
      <p class="hint">{t(hasKey ? "next.hasKey" : "next.text")}</p>
      <FirstCall />
    </Card>
  );
};
